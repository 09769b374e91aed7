// What a watcher learns from the walk back: norms of the gradients of h_t and c_t, and how many gates are near a limit.
#pragma once

#include "group.h"
#include "workspace.h"

namespace tidegate {

// Lane by lane, of all rows of a group at one step.
template <class Cell, class T> struct Seen {
  static constexpr int states = Cell::has_cell ? 2 : 1, parts = lanes<T> / lanes<double>;
  typedef T Part __attribute__((vector_size(lanes<double> * sizeof(T))));

  Values<double> squares[states][parts] = {};
  Bits<T> near[Cell::gates][2] = {}; // minus the gates within the margin of their lower and upper limit

  // `units` lanes exist; `margin` lies below half the distance of the limits.
  void add(const Values<T> *gate, Values<T> of_h, Values<T> of_c, int units, double margin) {
    square(squares[0], only(of_h, units, T(0)));
    if constexpr (Cell::has_cell) square(squares[1], only(of_c, units, T(0)));
#pragma GCC unroll 8
    for (int k = 0; k < Cell::gates; ++k) {
      if (Cell::lower[k] == 1) continue;
      const Values<T> value = only(gate[k], units, T(Cell::lower[k] + 1) / 2);
      near[k][0] += value <= T(Cell::lower[k] + margin);
      near[k][1] += value >= T(1 - margin);
    }
  }

private:
  // The first `units` lanes, and `instead` in the others.
  static Values<T> only(Values<T> values, int units, T instead) {
    if (units >= lanes<T>) return values;
    Bits<T> lane{};
    for (int k = 0; k < lanes<T>; ++k) lane[k] = k;
    return lane < units ? values : all(instead);
  }

  // In double: the square of a gradient that has vanished would leave the range of a float.
  static void square(Values<double> *sums, Values<T> values) {
    Part part[parts];
    std::memcpy(part, &values, sizeof values);
    for (int k = 0; k < parts; ++k) {
      const Values<double> wide = __builtin_convertvector(part[k], Values<double>);
      sums[k] += wide * wide;
    }
  }
};

// What one group of rows tells.
template <class Cell, class T> struct Watch {
  double *norms = nullptr;           // (states, T), or null when nobody watches
  std::int64_t *saturated = nullptr; // (G, 2, T)
  std::int64_t time = 0;
  double margin = 0;

  explicit operator bool() const { return norms != nullptr; }

  // What all rows have told at step t.
  void add(std::int64_t t, const Seen<Cell, T> &seen) const {
    for (int state = 0; state < seen.states; ++state)
      for (int part = 0; part < seen.parts; ++part)
        for (int lane = 0; lane < lanes<double>; ++lane) norms[state * time + t] += seen.squares[state][part][lane];
    for (int k = 0; k < Cell::gates; ++k)
      for (int side = 0; side < 2; ++side)
        for (int lane = 0; lane < lanes<T>; ++lane) saturated[(2 * k + side) * time + t] -= seen.near[k][side][lane];
  }
};

// Room for what each group tells, so that sums over groups keep their order for any number of threads.
template <class Cell, class T> struct WatchSpace {
  const Layer<T> &layer;
  std::int64_t groups = n_groups(layer.batch), n_norms = Seen<Cell, T>::states * layer.time;
  std::int64_t n_saturated = Cell::gates * 2 * layer.time;
  double *norms;
  std::int64_t *saturated;

  WatchSpace(Workspace &space, const Layer<T> &layer_) : layer(layer_) {
    const bool any = layer.direction[0].norms || (layer.directions == 2 && layer.direction[1].norms);
    norms = space.take<double>(any ? n_norms * groups * layer.directions : 0);
    saturated = space.take<std::int64_t>(any ? n_saturated * groups * layer.directions : 0);
  }

  Watch<Cell, T> of(std::int64_t direction, std::int64_t group) const {
    if (!layer.direction[direction].norms) return {};
    const std::int64_t at = direction * groups + group;
    std::fill_n(norms + at * n_norms, n_norms, 0.0);
    std::fill_n(saturated + at * n_saturated, n_saturated, std::int64_t(0));
    return {norms + at * n_norms, saturated + at * n_saturated, layer.time, layer.margin};
  }

  void gather(std::int64_t direction) const {
    const Direction<T> &way = layer.direction[direction];
    if (!way.norms) return;
    sum(norms + direction * groups * n_norms, n_norms, way.norms);
    sum(saturated + direction * groups * n_saturated, n_saturated, way.saturated);
  }

private:
  template <class Value> void sum(const Value *from, std::int64_t count, Value *to) const {
    std::fill_n(to, count, Value(0));
    for (std::int64_t group = 0; group < groups; ++group, from += count)
      for (std::int64_t k = 0; k < count; ++k) to[k] += from[k];
  }
};

} // namespace tidegate
