// The gradient of a cell over time: each group of rows walks back alone, its share of the batch sums weight gradients.
#pragma once

#include <cstring>
#include <utility>

#include "forward.h"
#include "gradients.h"
#include "watch.h"

namespace tidegate {

// The weights of one direction in the order in which the walk back reads them: panels of two registers.
template <class Cell, class T> struct PackedBack {
  T *to_state, *to_input, *peepholes;
  std::int64_t rows, state_panel, input_panel;

  PackedBack(Workspace &space, const Layer<T> &layer) : rows(Cell::gates * layer.hidden) {
    state_panel = input_panel = rows * 2 * lanes<T>;
    to_state = space.take<T>(Cell::recurrent ? (n_tiles<T>(layer.hidden) + 1) / 2 * state_panel : 0);
    to_input = space.take<T>(layer.dx ? (n_tiles<T>(layer.inputs) + 1) / 2 * input_panel : 0);
    peepholes = space.take<T>(Cell::peepholes * padded<T>(layer.hidden));
  }

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
    constexpr std::int64_t panel = 2 * lanes<T>;
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t column = 0; column < columns; column += panel) {
        T *here = to + column * rows + row * panel;
        const std::int64_t count = std::min(panel, columns - column);
        std::copy_n(from + row * columns + column, count, here);
        std::fill_n(here + count, panel - count, T(0));
      }
  }
};

template <class Cell, class T> struct BackwardGroup {
  static constexpr std::int64_t chunk = 96; // rows of deltas at least that are multiplied into the gradients at once

  Group<T> group;
  const PackedBack<Cell, T> &packed;
  const Packed<Cell, T> &again; // forward's weights, to compute gates again
  Gradients<Cell, T> sums;
  T *of_input; // (T, B, I) of this direction, or null
  Watch<Cell, T> watch;
  bool sums_wanted;
  const Layer<T> &layer = group.layer;
  const Direction<T> &way = group.way;
  std::int64_t H = layer.hidden, I = layer.inputs, tiles = n_tiles<T>(H), width = padded<T>(H), x_width = padded<T>(I);
  std::int64_t delta_stride = delta_width<Cell>(layer), past_stride = width + x_width + (Cell::two_stage ? width : 0);
  std::int64_t slots = saved_slots<Cell>(layer);
  T *dh, *dc, *deltas, *past, *dx, *dgated, *kept;

  BackwardGroup(Workspace &space, Group<T> group_, const PackedBack<Cell, T> &packed_, const Packed<Cell, T> &again_,
                Gradients<Cell, T> sums_, T *of_input_, Watch<Cell, T> watch_)
      : group(group_), packed(packed_), again(again_), sums(sums_), of_input(of_input_), watch(watch_),
        sums_wanted(group.way.dweight_ih || group.way.dweight_hh || group.way.dbias_ih || group.way.dbias_hh) {
    const std::int64_t rows = largest_group(layer.batch);
    dh = space.take<T>(rows * width), dc = space.take<T>(rows * width);
    deltas = space.take<T>((chunk + rows) * delta_stride), past = space.take<T>((chunk + rows) * past_stride);
    dx = space.take<T>(rows * x_width), dgated = space.take<T>(Cell::two_stage ? rows * width : 0);
    kept = space.take<T>(layer.recompute ? rows * width * (Cell::saved + 1) : 0);
  }

  void walk() {
    group.widen(way.dhn, dh);
    if (Cell::has_cell) group.widen(way.dcn, dc);
    std::int64_t filled = 0;
    for (std::int64_t walked = layer.time - 1; walked >= 0; --walked) {
      const std::int64_t t = group.step(walked), n = group.active(t);
      for (std::int64_t r = n; r < (of_input ? group.count : n); ++r)
        std::fill_n(of_input + (t * layer.batch + group.row(r)) * I, I, T(0));
      if (n == 0) continue;
      T *delta = deltas + filled * delta_stride, *before = past + filled * past_stride;
      for (std::int64_t r = 0; r < n; ++r) fetch(t, r, before + r * past_stride);
      if (layer.recompute) compute_again(t, n, before);
      if (watch) {
        Seen<Cell, T> seen;
        for (std::int64_t r = 0; r < n; ++r)
          step<true>(t, r, delta + r * delta_stride, before + r * past_stride, &seen);
        watch.add(t, seen);
      } else {
        for (std::int64_t r = 0; r < n; ++r)
          step<false>(t, r, delta + r * delta_stride, before + r * past_stride, nullptr);
      }
      to_state(t, n, delta, before);
      if (of_input) to_inputs(t, n, delta);
      filled += n;
      if (filled >= chunk) add(std::exchange(filled, 0));
    }
    if (filled) add(filled);
    for (std::int64_t r = 0; r < group.count; ++r) {
      group.narrow(r, dh + r * width, way.dh0);
      if (Cell::has_cell) group.narrow(r, dc + r * width, way.dc0);
    }
  }

private:
  const T *saved(std::int64_t t, std::int64_t r, std::int64_t tile) const {
    return way.saved + ((t * layer.batch + group.first + r) * tiles + tile) * slots * lanes<T>;
  }
  const T *c_saved(std::int64_t t, std::int64_t r, std::int64_t tile) const {
    return saved(t, r, tile) + (slots - 1) * lanes<T>;
  }
  // The gates of row r at step t: [tile][slot][lane].
  const T *gates(std::int64_t t, std::int64_t r) const {
    return layer.recompute ? kept + r * tiles * Cell::saved * lanes<T> : saved(t, r, 0);
  }
  std::int64_t earlier(std::int64_t t) const { return way.reverse ? t + 1 : t - 1; }

  // The state before step t of row r, beside its input.
  void fetch(std::int64_t t, std::int64_t r, T *to) const {
    const std::int64_t row = group.row(r);
    const bool begins = t == group.first_step(r);
    const T *h = begins ? (way.h0 ? way.h0 + row * H : nullptr)
                        : way.y + earlier(t) * layer.y_time + row * layer.y_batch;
    for (std::int64_t tile = 0; tile < tiles; ++tile)
      store(to + tile * lanes<T>, h ? load(h + tile * lanes<T>, group.units(tile)) : Values<T>{});
    const T *x = layer.x + t * layer.x_time + row * layer.x_batch;
    for (std::int64_t k = 0; k < I; ++k) to[width + k] = x[k];
  }

  Values<T> c_before(std::int64_t t, std::int64_t r, std::int64_t tile) const {
    if (t != group.first_step(r)) return load(c_saved(earlier(t), r, tile));
    if (!way.c0) return Values<T>{};
    return load(way.c0 + group.row(r) * H + tile * lanes<T>, group.units(tile));
  }

  // What forward would have saved, into `kept`: [row][tile][slot][lane].
  void compute_again(std::int64_t t, std::int64_t n, const T *before) {
    const Operand<T> x{before + width, 1, past_stride}, h{before, 1, past_stride};
    const auto own = [&](std::int64_t r, std::int64_t tile) { return kept + (r * tiles + tile) * Cell::saved * lanes<T>; };
    if constexpr (Cell::two_stage) {
      each_sums(again, tiles, n, x, h, [&](std::int64_t r, std::int64_t tile, const T *of) {
        Values<T> sum[Cell::slots], made[Cell::saved];
        for (int slot = 0; slot < opening_gates<Cell>(); ++slot) sum[slot] = load(of + slot * lanes<T>);
        store(dgated + r * width + tile * lanes<T>, Cell::open(sum, load(before + r * past_stride + tile * lanes<T>), made));
        for (int k = 0; k < Cell::saved; ++k) store(own(r, tile) + k * lanes<T>, made[k]);
      });
      each_candidate(again, tiles, n, x, Operand<T>{dgated, 1, width}, [&](std::int64_t r, std::int64_t tile, const T *of) {
        Values<T> made[Cell::saved], h_now{};
        for (int k = 0; k < Cell::saved; ++k) made[k] = load(own(r, tile) + k * lanes<T>);
        Cell::close(load(of), h_now, made);
        for (int k = 0; k < Cell::saved; ++k) store(own(r, tile) + k * lanes<T>, made[k]);
      });
    } else if constexpr (Cell::saved > 0) {
      each_sums(again, tiles, n, x, h, [&](std::int64_t r, std::int64_t tile, const T *of) {
        Values<T> sum[Cell::slots], made[Cell::saved], peephole[Cell::peepholes + 1], c{};
        for (int slot = 0; slot < Cell::slots; ++slot) sum[slot] = load(of + slot * lanes<T>);
        for (int k = 0; k < Cell::peepholes; ++k) peephole[k] = load(packed.peepholes + k * width + tile * lanes<T>);
        Values<T> h_now = load(before + r * past_stride + tile * lanes<T>);
        if (Cell::has_cell) c = c_before(t, r, tile);
        Cell::forward(sum, peephole, h_now, c, made);
        for (int k = 0; k < Cell::saved; ++k) store(own(r, tile) + k * lanes<T>, made[k]);
      });
    }
  }

  // Gradients of the sums of row r at step t; dh and dc become those of the state before, without what passes the sums.
  template <bool Watched> void step(std::int64_t t, std::int64_t r, T *delta, T *before, Seen<Cell, T> *seen) {
    const std::int64_t row = group.row(r);
    const T *y = way.y + t * layer.y_time + row * layer.y_batch;
    const T *dy = way.dy ? way.dy + t * layer.dy_time + row * layer.dy_batch : nullptr;
    const T *own = gates(t, r);
    for (std::int64_t tile = 0; tile < tiles; ++tile, own += Cell::saved * lanes<T>) {
      const std::int64_t at = tile * lanes<T>;
      const int units = group.units(tile);
      Values<T> gate[Cell::saved + 1], made[Cell::deltas], h{}, c{}, of_c{}, whole_c{};
#pragma GCC unroll 8
      for (int k = 0; k < Cell::saved; ++k) gate[k] = load(own + k * lanes<T>);
      if (Cell::saved == 0) h = load(y + at, units);
      if (Cell::has_cell) c = c_before(t, r, tile), of_c = load(dc + r * width + at);
      Values<T> of_h = load(dh + r * width + at);
      if (dy) of_h += load(dy + at, units);
      const Values<T> whole_h = of_h;
      if constexpr (Cell::two_stage) {
        store(before + width + x_width + at, gate[0] * load(before + at));
        Cell::backward_close(gate, load(before + at), of_h, made);
      } else {
        Values<T> peephole[Cell::peepholes + 1], of_peephole[Cell::peepholes + 1];
#pragma GCC unroll 8
        for (int k = 0; k < Cell::peepholes; ++k) {
          peephole[k] = load(packed.peepholes + k * width + at);
          of_peephole[k] = load(sums.peephole + k * width + at);
        }
        Cell::backward(gate, peephole, h, load(before + at), c, of_h, of_c, made, of_peephole, whole_c);
        for (int k = 0; k < Cell::peepholes; ++k) store(sums.peephole + k * width + at, of_peephole[k]);
      }
      if constexpr (Watched) seen->add(Cell::saved ? gate : &h, whole_h, whole_c, units, watch.margin);
      store(dh + r * width + at, of_h);
      if (Cell::has_cell) store(dc + r * width + at, of_c);
#pragma GCC unroll 8
      for (int k = 0; k < Cell::deltas; ++k) store(delta + k * H + at, made[k], units);
    }
  }

  // What passes through the sums to the state before.
  void to_state(std::int64_t t, std::int64_t n, T *delta, const T *before) {
    const Operand<T> values{delta, 1, delta_stride};
    const Panels<T> weights{packed.to_state, 2 * lanes<T>, packed.state_panel};
    if constexpr (Cell::two_stage) {
      const std::int64_t opening = opening_gates<Cell>() * H;
      const Panels<T> of_candidate{weights.at + opening * weights.k_stride, weights.k_stride, weights.panel};
      std::fill_n(dgated, n * width, T(0));
      multiply<T>(n, tiles, {delta + opening, 1, delta_stride}, of_candidate, H, {dgated, width});
      for (std::int64_t r = 0; r < n; ++r) open_step(t, r, delta + r * delta_stride, before + r * past_stride);
      multiply<T>(n, tiles, values, weights, opening, {dh, width});
    } else if constexpr (Cell::recurrent) {
      multiply<T>(n, tiles, values, weights, Cell::gates * H, {dh, width});
    }
  }

  // The gate that acted on the state before the candidate's product.
  void open_step(std::int64_t t, std::int64_t r, T *delta, const T *before) {
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t at = tile * lanes<T>;
      Values<T> of_h = load(dh + r * width + at);
      const Values<T> of_gated = load(dgated + r * width + at);
      const Values<T> made = Cell::backward_open(load(gates(t, r) + tile * Cell::saved * lanes<T>), load(before + at), of_gated, of_h);
      store(dh + r * width + at, of_h);
      store(delta + at, made, group.units(tile));
    }
  }

  void to_inputs(std::int64_t t, std::int64_t n, const T *delta) {
    const std::int64_t alike = sums.alike * H;
    const Panels<T> weights{packed.to_input, 2 * lanes<T>, packed.input_panel};
    std::fill_n(dx, n * x_width, T(0));
    multiply<T>(n, n_tiles<T>(I), {delta, 1, delta_stride}, weights, alike, {dx, x_width});
    if constexpr (Cell::split)
      multiply<T>(n, n_tiles<T>(I), {delta + alike + H, 1, delta_stride},
                  {weights.at + alike * weights.k_stride, weights.k_stride, weights.panel}, H, {dx, x_width});
    for (std::int64_t r = 0; r < n; ++r)
      std::copy_n(dx + r * x_width, I, of_input + (t * layer.batch + group.row(r)) * I);
  }

  // Add what `filled` rows of deltas give: deltas^T [state before], [input]^T deltas, and their sums.
  void add(std::int64_t filled) {
    if (!sums_wanted) return;
    const Panels<T> states{past, past_stride, 2 * lanes<T>};
    const std::int64_t alike = sums.alike * H, opening = opening_gates<Cell>() * H;
    if (Cell::recurrent) multiply<T>(opening, tiles, {deltas, delta_stride, 1}, states, filled, {sums.state, width});
    if (Cell::two_stage)
      multiply<T>(H, tiles, {deltas + opening, delta_stride, 1}, {past + width + x_width, past_stride, 2 * lanes<T>},
                  filled, {sums.state + opening * width, width});
    const Operand<T> inputs{past + width, past_stride, 1};
    const Panels<T> rows{deltas, delta_stride, 2 * lanes<T>}, of_candidate{deltas + alike + H, delta_stride, 2 * lanes<T>};
    multiply<T>(I, n_tiles<T>(alike), inputs, rows, filled, {sums.input, sums.input_width()});
    if (Cell::split) multiply<T>(I, tiles, inputs, of_candidate, filled, {sums.input + I * sums.input_width(), width});
    for (std::int64_t at = 0; at < Cell::deltas * H; at += lanes<T>) {
      Values<T> total = load(sums.bias + at);
      for (std::int64_t e = 0; e < filled; ++e) total += load(deltas + e * delta_stride + at);
      store(sums.bias + at, total);
    }
  }
};

// The workspace of backward: packed weights, each share's sums, the second direction's part of dx, each thread's own.
template <class Cell, class T> struct BackwardSpace {
  Workspace space;
  PackedBack<Cell, T> packed[2];
  Packed<Cell, T> again[2];
  std::int64_t shares, share_bytes, own_bytes;
  T *sums, *second_dx;
  WatchSpace<Cell, T> watches;
  char *own;

  BackwardSpace(const Layer<T> &layer, void *at)
      : space(at), packed{{space, layer}, {space, layer}}, again{forward_weights(layer, 0), forward_weights(layer, 1)},
        shares(n_shares<Cell>(layer)), watches(space, layer) {
    share_bytes = Gradients<Cell, T>(Workspace(nullptr), layer).entries * static_cast<std::int64_t>(sizeof(T));
    sums = space.take<T>(share_bytes / static_cast<std::int64_t>(sizeof(T)) * shares * layer.directions);
    second_dx = space.take<T>(layer.dx && layer.directions == 2 ? layer.time * layer.batch * layer.inputs : 0);
    Workspace measured(nullptr);
    BackwardGroup<Cell, T>(measured, Group<T>(layer, 0, 0), packed[0], again[0], {Workspace(nullptr), layer}, nullptr,
                           {});
    own_bytes = measured.bytes();
    own = space.take<char>(own_bytes * layer.threads);
  }

  T *share(std::int64_t direction, std::int64_t index) const {
    return sums + (direction * shares + index) * share_bytes / static_cast<std::int64_t>(sizeof(T));
  }

private:
  // Forward's weights, where gates are computed again.
  Packed<Cell, T> forward_weights(const Layer<T> &layer, std::int64_t d) {
    Workspace nowhere(nullptr);
    return layer.recompute && d < layer.directions ? Packed<Cell, T>(space, layer) : Packed<Cell, T>(nowhere, layer);
  }
};

template <class Cell, class T> void backward(const Layer<T> &layer) {
  const BackwardSpace<Cell, T> made(layer, layer.workspace);
  for (int d = 0; d < layer.directions; ++d) {
    made.packed[d].fill(layer, layer.direction[d]);
    if (layer.recompute) made.again[d].fill(layer, layer.direction[d]);
  }
  const std::int64_t jobs = made.shares * layer.directions, groups = n_groups(layer.batch);
#pragma omp parallel for schedule(dynamic) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t job = 0; job < jobs; ++job) {
    const int d = static_cast<int>(job / made.shares);
    const std::int64_t share = job % made.shares;
    T *first = made.share(d, share);
    std::memset(static_cast<void *>(first), 0, made.share_bytes);
    for (std::int64_t g = groups * share / made.shares; g < groups * (share + 1) / made.shares; ++g) {
      Workspace own(made.own + thread_index() * made.own_bytes);
      BackwardGroup<Cell, T>(own, Group<T>(layer, d, g), made.packed[d], made.again[d], {Workspace(first), layer},
                             d == 0 || !layer.dx ? layer.dx : made.second_dx, made.watches.of(d, g))
          .walk();
    }
  }
  for (int d = 0; d < layer.directions; ++d) {
    gather<Cell, T>(layer, layer.direction[d], made.share(d, 0), made.share_bytes, made.shares);
    made.watches.gather(d);
  }
  if (!layer.dx || layer.directions == 1) return;
  const std::int64_t entries = layer.time * layer.batch * layer.inputs;
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t k = 0; k < entries; ++k) layer.dx[k] += made.second_dx[k];
}

} // namespace tidegate
