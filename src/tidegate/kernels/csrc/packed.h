// The weights of one direction in the order in which the walk forward reads them.
#pragma once

#include <cstring>

#include "group.h"
#include "workspace.h"

namespace tidegate {

// Gates whose sums are made together: all, or first reset and update and then the candidate where it needs the reset.
template <class Cell> constexpr int opening_gates() { return Cell::two_stage ? Cell::gates - 1 : Cell::gates; }

// Tiles of units that share a product: cells of few gates fill the registers with the next units.
template <class Cell> constexpr std::int64_t span(std::int64_t tiles_left) {
  return tiles_left >= Cell::span ? Cell::span : 1;
}

template <class Cell, class T> struct Packed {
  static_assert(Cell::slots == Cell::gates + Cell::split && Cell::deltas == Cell::slots);
  static_assert(!(Cell::split && Cell::span > 1), "a product has one register of sums to split, its last");
  static_assert(!(Cell::two_stage && (Cell::has_cell || Cell::peepholes || Cell::split)),
                "nothing but gates is handed from the first stage to the second");
  static_assert(Cell::carries || (Cell::recurrent && !Cell::two_stage), "what is not carried, the product over h sets");

  T *weights;   // [tiles of a span][inputs, then units before][tile][gate][lane]
  T *candidate; // [tile][inputs, then gated units before][lane], in two stages alone
  T *start;     // [tile][slot][lane]: the biases
  T *peepholes; // [tile][peephole][lane]
  std::int64_t n_inputs, n_state;

  Packed(Workspace &space, const Layer<T> &layer)
      : n_inputs(layer.inputs), n_state(Cell::recurrent ? layer.hidden : 0) {
    const std::int64_t units = padded<T>(layer.hidden);
    weights = space.take<T>(units * depth() * opening_gates<Cell>());
    candidate = space.take<T>(Cell::two_stage ? units * depth() : 0);
    start = space.take<T>(units * Cell::slots);
    peepholes = space.take<T>(units * Cell::peepholes);
  }

  std::int64_t depth() const { return n_inputs + n_state; }

  void fill(const Layer<T> &layer, const Direction<T> &way) const {
    const std::int64_t tiles = n_tiles<T>(layer.hidden);
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
    for (std::int64_t tile = 0; tile < tiles; ++tile) fill_tile(layer, way, tile);
  }

private:
  void fill_tile(const Layer<T> &layer, const Direction<T> &way, std::int64_t tile) const {
    constexpr int opening = opening_gates<Cell>();
    const std::int64_t first = tile - tile % Cell::span, together = span<Cell>(n_tiles<T>(layer.hidden) - first);
    const std::int64_t stride = together * opening * lanes<T>; // from one column to the next
    const std::int64_t beside = together > 1 ? tile - first : 0;
    T *to = weights + ((tile - beside) * depth() + beside) * opening * lanes<T>;
    for (int gate = 0; gate < opening; ++gate) fill_gate(layer, way, tile, gate, stride, to + gate * lanes<T>);
    if (Cell::two_stage) fill_gate(layer, way, tile, opening, lanes<T>, candidate + tile * depth() * lanes<T>);
    for (int lane = 0; lane < lanes<T>; ++lane) {
      const std::int64_t unit = tile * lanes<T> + lane;
      const bool there = unit < layer.hidden;
      for (int slot = 0; slot < Cell::slots; ++slot)
        start[(tile * Cell::slots + slot) * lanes<T> + lane] = there ? bias(layer, way, slot, unit) : 0;
      for (int row = 0; row < Cell::peepholes; ++row)
        peepholes[(tile * Cell::peepholes + row) * lanes<T> + lane] =
            there ? way.peephole[row * layer.hidden + unit] : 0;
    }
  }

  // The weights of one gate and one tile, `stride` entries apart from one column to the next.
  void fill_gate(const Layer<T> &layer, const Direction<T> &way, std::int64_t tile, int gate, std::int64_t stride,
                 T *to) const {
    for (int lane = 0; lane < lanes<T>; ++lane) {
      const std::int64_t unit = tile * lanes<T> + lane, row = gate * layer.hidden + unit;
      const bool there = unit < layer.hidden;
      for (std::int64_t k = 0; k < n_inputs; ++k) to[k * stride + lane] = there ? way.weight_ih[row * n_inputs + k] : 0;
      for (std::int64_t k = 0; k < n_state; ++k)
        to[(n_inputs + k) * stride + lane] = there ? way.weight_hh[row * n_state + k] : 0;
    }
  }

  // What a slot's sum begins with. A split candidate has two: one begins with the input's bias, one with the state's.
  static T bias(const Layer<T> &layer, const Direction<T> &way, int slot, std::int64_t unit) {
    const std::int64_t row = std::min(slot, Cell::gates - 1) * layer.hidden + unit;
    T value = 0;
    if (way.bias_ih && !(Cell::split && slot == Cell::gates)) value += way.bias_ih[row];
    if (way.bias_hh && !(Cell::split && slot == Cell::gates - 1)) value += way.bias_hh[row];
    return value;
  }
};

// Packed weights to be kept from call to call, beside the weights as they came, to see whether they have changed.
template <class Cell, class T> struct Kept {
  Packed<Cell, T> packed; // first: forward reads no further
  T *sources;

  Kept(Workspace &space, const Layer<T> &layer) : packed(space, layer) {
    const std::int64_t per_unit = Cell::gates * (packed.depth() + 2) + Cell::peepholes; // 2: the biases
    sources = space.take<T>(layer.hidden * per_unit);
  }

  void fill(const Layer<T> &layer, const Direction<T> &way) const {
    packed.fill(layer, way);
    T *to = sources;
    each_source(layer, way, [&](const T *from, std::int64_t count) { to = std::copy_n(from, count, to); });
  }

  // Whether the weights are still those that were packed.
  bool matches(const Layer<T> &layer, const Direction<T> &way) const {
    const T *at = sources;
    bool same = true;
    each_source(layer, way, [&](const T *from, std::int64_t count) {
      same = same && std::memcmp(at, from, count * sizeof(T)) == 0;
      at += count;
    });
    return same;
  }

private:
  template <class Visit> static void each_source(const Layer<T> &layer, const Direction<T> &way, Visit visit) {
    const std::int64_t rows = Cell::gates * layer.hidden;
    visit(way.weight_ih, rows * layer.inputs);
    if (Cell::recurrent) visit(way.weight_hh, rows * layer.hidden);
    if (way.bias_ih) visit(way.bias_ih, rows);
    if (way.bias_hh) visit(way.bias_hh, rows);
    if (Cell::peepholes) visit(way.peephole, Cell::peepholes * layer.hidden);
  }
};

} // namespace tidegate
