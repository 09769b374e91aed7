// One step of a cell: its gates' sums and what follows from them, for forward and for backward where it was not kept.
#pragma once

#include "cell.h"
#include "packed.h"
#include "product.h"

namespace tidegate {

// Registers of `saved` per row, step and tile: what backward reads. Where gates are computed again, c alone.
template <class Cell, class T> inline std::int64_t saved_slots(const Layer<T> &layer) {
  return layer.recompute ? Cell::has_cell : Cell::saved;
}

// use(row, its sums) for n rows, a tile of rows at a time; `work` begins at the first row.
template <int G, class T, bool Split, class Use>
[[gnu::always_inline]] inline void sum_rows(GateProduct<T, Split> work, std::int64_t n, Use use) {
  constexpr int most = tile_rows<G>(), stride = (Split ? G + 1 : G) * lanes<T>;
  alignas(64) T sums[most * stride];
  work.sums = sums;
  for (std::int64_t from = 0, to; from < n; from = to) {
    to = tile_end(from, n, most);
    run_rows<G>(work, to - from);
    work.inputs.at += (to - from) * work.inputs.row_stride;
    work.state.at += (to - from) * work.state.row_stride;
    for (std::int64_t r = from; r < to; ++r) use(r, sums + (r - from) * stride);
  }
}

// The n rows of a step. Cells of two stages leave between them what they gate and what they keep.
template <class T> struct Rows {
  std::int64_t n, tiles;
  Operand<T> inputs, state; // the state before the step, in whole registers
  T *gated;                 // [row][unit]
  T *kept;                  // [row][tile][slot][lane]
};

template <class Cell, class T> struct Step {
  const Packed<Cell, T> &packed;
  Rows<T> rows;

  // With results.c_before(row, tile), where there is a c, results.take(row, tile, what the step makes there) for all.
  template <class Results> [[gnu::always_inline]] void run(const Results &results) const {
    for (std::int64_t tile = 0, together; tile < rows.tiles; tile += together) {
      together = span<Cell>(rows.tiles - tile);
      if (together > 1) {
        run_span<Cell::span>(tile, results);
      } else {
        run_span<1>(tile, results);
      }
    }
    if constexpr (Cell::two_stage)
      for (std::int64_t tile = 0; tile < rows.tiles; ++tile) close(tile, results);
  }

private:
  template <int Span, class Results>
  [[gnu::always_inline]] void run_span(std::int64_t first, const Results &results) const {
    constexpr int gates = opening_gates<Cell>();
    const GateProduct<T, Cell::split> work{rows.inputs, rows.state, packed.n_inputs, packed.n_state,
                                           packed.weights + first * packed.depth() * gates * lanes<T>,
                                           packed.start + first * Cell::slots * lanes<T>, nullptr};
    sum_rows<Span * gates>(work, rows.n, [&](std::int64_t r, const T *sums) __attribute__((always_inline)) {
      for (std::int64_t tile = first; tile < first + Span; ++tile, sums += gates * lanes<T>) {
        ForwardReads<Cell> in;
        ForwardWrites<Cell> out;
        load_each<Cell::two_stage ? gates : Cell::slots>(in.sums, sums);
        in.h_before = h_before(r, tile);
        if constexpr (Cell::two_stage) {
          store(rows.gated + (r * rows.tiles + tile) * lanes<T>, Cell::open(in, out));
          store_each<Cell::saved>(kept(r, tile), out.kept);
        } else {
          load_each<Cell::peepholes>(in.peephole, packed.peepholes + tile * Cell::peepholes * lanes<T>);
          if constexpr (Cell::has_cell) in.c_before = results.c_before(r, tile);
          Cell::forward(in, out);
          results.take(r, tile, out);
        }
      }
    });
  }

  // The second stage: the candidates' sums of one tile, once the state is gated.
  template <class Results> [[gnu::always_inline]] void close(std::int64_t tile, const Results &results) const {
    const GateProduct<T, false> work{rows.inputs, {rows.gated, 1, rows.tiles * lanes<T>},
                                     packed.n_inputs, packed.n_state,
                                     packed.candidate + tile * packed.depth() * lanes<T>,
                                     packed.start + (tile * Cell::slots + Cell::slots - 1) * lanes<T>, nullptr};
    sum_rows<1>(work, rows.n, [&](std::int64_t r, const T *sum) __attribute__((always_inline)) {
      ForwardReads<Cell> in;
      ForwardWrites<Cell> out;
      in.sums[Cell::slots - 1] = load(sum);
      in.h_before = h_before(r, tile);
      load_each<Cell::saved>(out.kept, kept(r, tile));
      Cell::close(in, out);
      results.take(r, tile, out);
    });
  }

  Values<T> h_before(std::int64_t r, std::int64_t tile) const {
    return load(rows.state.at + r * rows.state.row_stride + tile * lanes<T>);
  }
  T *kept(std::int64_t r, std::int64_t tile) const {
    return rows.kept + (r * rows.tiles + tile) * Cell::saved * lanes<T>;
  }
};

} // namespace tidegate
