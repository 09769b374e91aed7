// How a batch is divided: rows in groups, each of which walks through all steps alone.
#pragma once

#include <algorithm>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "layer.h"
#include "vector.h"

namespace tidegate {

inline std::int64_t thread_index() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

template <class T> inline std::int64_t n_tiles(std::int64_t units) { return (units + lanes<T> - 1) / lanes<T>; }
template <class T> inline std::int64_t padded(std::int64_t units) { return n_tiles<T>(units) * lanes<T>; }

// An even number of groups of nearly the same size, so that two threads end together: 8 rows each, enough to fill the
// registers, or 16 where there are several groups of those. It depends on the batch alone: sums over groups keep their
// order for any number of threads.
inline std::int64_t n_groups(std::int64_t batch) {
  const std::int64_t pair = batch <= 64 ? 16 : 32; // rows of two groups
  return batch < 8 ? 1 : 2 * ((batch + pair - 1) / pair);
}
inline std::int64_t group_begin(std::int64_t batch, std::int64_t group) { return batch * group / n_groups(batch); }
inline std::int64_t largest_group(std::int64_t batch) { return (batch + n_groups(batch) - 1) / n_groups(batch); }

template <class T> struct Group {
  const Layer<T> &layer;
  const Direction<T> &way;
  std::int64_t first, count; // rows of the batch, in the order of `layer.order`

  Group(const Layer<T> &layer_, int direction, std::int64_t index)
      : layer(layer_), way(layer_.direction[direction]), first(group_begin(layer_.batch, index)),
        count(group_begin(layer_.batch, index + 1) - first) {}

  std::int64_t row(std::int64_t r) const { return layer.order ? layer.order[first + r] : first + r; }
  std::int64_t length(std::int64_t r) const { return layer.lengths ? layer.lengths[row(r)] : layer.time; }
  std::int64_t step(std::int64_t walked) const { return way.reverse ? layer.time - 1 - walked : walked; }
  std::int64_t last_step(std::int64_t r) const { return way.reverse ? 0 : length(r) - 1; }
  std::int64_t first_step(std::int64_t r) const { return way.reverse ? length(r) - 1 : 0; }

  // Units of a register that exist.
  int units(std::int64_t tile) const {
    return static_cast<int>(std::min<std::int64_t>(lanes<T>, layer.hidden - tile * lanes<T>));
  }

  // Rows are ordered longest first: so many are inside their sequence at step t.
  std::int64_t active(std::int64_t t) const {
    if (!layer.lengths) return count;
    std::int64_t n = count;
    while (n > 0 && length(n - 1) <= t) --n;
    return n;
  }

  // Rows of `from`, shape (B, H) or null for zeros, widened to whole registers.
  void widen(const T *from, T *to) const {
    const std::int64_t H = layer.hidden, width = padded<T>(H);
    for (std::int64_t r = 0; r < count; ++r, to += width) {
      std::fill_n(to, width, T(0));
      if (from) std::copy_n(from + row(r) * H, H, to);
    }
  }

  void narrow(std::int64_t r, const T *from, T *to) const {
    if (to) std::copy_n(from, layer.hidden, to + row(r) * layer.hidden);
  }
};

} // namespace tidegate
