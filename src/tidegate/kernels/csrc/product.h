// Small matrix products on a tile of rows: the inner loops of everything else.
#pragma once

#include <algorithm>

#include "vector.h"

namespace tidegate {

// One operand of a product over k: where it begins and how far apart its entries are.
template <class T> struct Operand {
  const T *at;
  std::int64_t k_stride;   // from one k to the next
  std::int64_t row_stride; // from one row to the next (of values alone)
};

template <class T> struct Sums {
  T *at;
  std::int64_t row_stride;

  Sums after(std::int64_t rows) const { return {at + rows * row_stride, row_stride}; }
};

// Rows of a tile whose sums, with the weights of one step, fill the registers without spilling.
template <int G> constexpr int tile_rows() {
#if TIDEGATE_VECTOR_BYTES == 64
  return G <= 2 ? 12 : G == 3 ? 8 : 6; // 32 registers
#else
  return G == 1 ? 6 : G == 2 ? 5 : G == 3 ? 4 : 3; // 16 registers
#endif
}

// How many of `count` rows the tile takes that begins at `from`: all tiles alike instead of a small last one.
inline std::int64_t tile_end(std::int64_t from, std::int64_t count, int most) {
  const std::int64_t left = count - from, n_tiles = (left + most - 1) / most;
  return from + (left + n_tiles - 1) / n_tiles;
}

// total[r][g] += sum over k of values[r][k] * weights[k][g], in the order of k whatever R is.
template <class T, int R, int G>
[[gnu::always_inline]] inline void accumulate(Values<T> (&total)[R][G], Operand<T> values, const T *weights,
                                              std::int64_t weight_stride, std::int64_t depth) {
  const T *value = values.at;
  for (std::int64_t k = 0; k < depth; ++k, value += values.k_stride, weights += weight_stride) {
    Values<T> column[G];
#pragma GCC unroll 16
    for (int g = 0; g < G; ++g) column[g] = load(weights + g * lanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Values<T> one = all(value[r * values.row_stride]);
#pragma GCC unroll 16
      for (int g = 0; g < G; ++g) total[r][g] += one * column[g];
    }
  }
}

// sums[r][g] += values[r] weights[.][g] for R rows and G registers.
template <class T> struct Product {
  Operand<T> values;
  const T *weights;
  std::int64_t weight_stride, depth;
  Sums<T> sums;
  bool from_zero; // whatever stands in the sums

  template <int R, int G> [[gnu::noinline]] void run() const {
    Values<T> total[R][G] = {};
    if (!from_zero) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
        for (int g = 0; g < G; ++g) total[r][g] = load(sums.at + r * sums.row_stride + g * lanes<T>);
    }
    accumulate<T, R, G>(total, values, weights, weight_stride, depth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int g = 0; g < G; ++g) store(sums.at + r * sums.row_stride + g * lanes<T>, total[r][g]);
  }
};

// The sums of a step's gates: start + inputs W + state R, for R rows and G registers. With Split the last register of
// the inputs' part goes to slot G - 1 and that of the state's part, which has a start of its own, to slot G.
template <class T, bool Split> struct GateProduct {
  Operand<T> inputs, state;
  std::int64_t n_inputs, n_state;
  const T *weights, *start;
  T *sums;

  template <int R, int G> [[gnu::noinline]] void run() const {
    constexpr int slots = Split ? G + 1 : G;
    Values<T> total[R][G];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int g = 0; g < G; ++g) total[r][g] = load(start + g * lanes<T>);
    accumulate<T, R, G>(total, inputs, weights, G * lanes<T>, n_inputs);
    if constexpr (Split) {
      const Values<T> own = load(start + G * lanes<T>);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        store(sums + (r * slots + G - 1) * lanes<T>, total[r][G - 1]);
        total[r][G - 1] = own;
      }
    }
    accumulate<T, R, G>(total, state, weights + n_inputs * G * lanes<T>, G * lanes<T>, n_state);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int g = 0; g < G; ++g) store(sums + (r * slots + (Split && g == G - 1 ? G : g)) * lanes<T>, total[r][g]);
  }
};

// work.run<count, G>() for a count that is known at run time alone.
template <int G, class Work> inline void run_rows(const Work &work, std::int64_t count) {
  constexpr int most = tile_rows<G>();
  static_assert(most <= 12, "each count of rows needs a case");
#define TIDEGATE_CASE(R)                                                                                               \
  case R:                                                                                                              \
    if constexpr (R <= most) work.template run<R, G>();                                                                \
    break;
  switch (count) {
    TIDEGATE_CASE(1) TIDEGATE_CASE(2) TIDEGATE_CASE(3) TIDEGATE_CASE(4) TIDEGATE_CASE(5) TIDEGATE_CASE(6)
    TIDEGATE_CASE(7) TIDEGATE_CASE(8) TIDEGATE_CASE(9) TIDEGATE_CASE(10) TIDEGATE_CASE(11) TIDEGATE_CASE(12)
  }
#undef TIDEGATE_CASE
}

// Weights of any width: pairs of registers, each pair from `panel` entries further on.
template <class T> struct Panels {
  const T *at;
  std::int64_t k_stride, panel;
};

// Fetches what a tile's sums are added to while the tile before it is computed: `registers` of each row.
template <class T> inline void prefetch(Sums<T> sums, std::int64_t rows, std::int64_t registers) {
  for (std::int64_t r = 0; r < rows; ++r, sums.at += sums.row_stride)
    for (std::int64_t g = 0; g < registers; ++g) __builtin_prefetch(sums.at + g * lanes<T>, /*to be written*/ 1);
}

// sums[row][register] += values[row] weights[.][register] for any number of rows and registers.
template <class T>
inline void multiply(std::int64_t rows, std::int64_t registers, Operand<T> values, Panels<T> weights,
                     std::int64_t depth, Sums<T> sums, bool from_zero = false) {
  for (std::int64_t g = 0; g < registers; g += 2) {
    const bool pair = g + 1 < registers;
    const int most = pair ? tile_rows<2>() : tile_rows<1>(), width = pair ? 2 : 1;
    for (std::int64_t from = 0, to; from < rows; from = to) {
      to = tile_end(from, rows, most);
      const Product<T> work{{values.at + from * values.row_stride, values.k_stride, values.row_stride},
                            weights.at + g / 2 * weights.panel, weights.k_stride, depth,
                            {sums.at + from * sums.row_stride + g * lanes<T>, sums.row_stride}, from_zero};
      if (!from_zero && to < rows) prefetch(work.sums.after(to - from), tile_end(to, rows, most) - to, width);
      if (pair) {
        run_rows<2>(work, to - from);
      } else {
        run_rows<1>(work, to - from);
      }
    }
  }
}

} // namespace tidegate
