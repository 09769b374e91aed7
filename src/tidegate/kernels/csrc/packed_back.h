// The weights of one direction in the order in which the walk back reads them.
#pragma once

#include "group.h"
#include "product.h"
#include "workspace.h"

namespace tidegate {

template <class Cell, class T> struct PackedBack {
  static constexpr std::int64_t pair = 2 * lanes<T>;
  T *to_state, *to_input; // [two registers of units, of inputs][row of the weights][lane]; to_input where dx is wanted
  T *peepholes;           // [peephole][unit]
  std::int64_t rows;

  PackedBack(Workspace &space, const Layer<T> &layer) : rows(Cell::gates * layer.hidden) {
    to_state = space.take<T>(Cell::recurrent ? (layer.hidden + pair - 1) / pair * pair * rows : 0);
    to_input = space.take<T>(layer.dx ? (layer.inputs + pair - 1) / pair * pair * rows : 0);
    peepholes = space.take<T>(Cell::peepholes * padded<T>(layer.hidden));
  }

  // Those of `weights` from row `first` on.
  Panels<T> panels(const T *weights, std::int64_t first) const { return {weights + first * pair, pair, rows * pair}; }

  void fill(const Layer<T> &layer, const Direction<T> &way) const {
    if (Cell::recurrent) fill_panels(layer, way.weight_hh, layer.hidden, to_state);
    if (layer.dx) fill_panels(layer, way.weight_ih, layer.inputs, to_input);
    for (int row = 0; row < Cell::peepholes; ++row) {
      T *to = peepholes + row * padded<T>(layer.hidden);
      std::fill_n(to, padded<T>(layer.hidden), T(0));
      std::copy_n(way.peephole + row * layer.hidden, layer.hidden, to);
    }
  }

private:
  void fill_panels([[maybe_unused]] const Layer<T> &layer, const T *from, std::int64_t columns, T *to) const {
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t column = 0; column < columns; column += pair) {
        T *here = to + column * rows + row * pair;
        const std::int64_t count = std::min(pair, columns - column);
        std::copy_n(from + row * columns + column, count, here);
        std::fill_n(here + count, pair - count, T(0));
      }
  }
};

} // namespace tidegate
