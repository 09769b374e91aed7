// The gradient of a cell over time: each group of rows walks back alone, its share of the batch sums weight gradients.
#pragma once

#include <utility>

#include "gates.h"
#include "gradients.h"
#include "packed_back.h"
#include "watch.h"

namespace tidegate {

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
  T *dh, *dc, *dgated; // [row][unit]
  T *dx;               // [row][input]
  T *deltas;           // [step and row][delta][unit]
  T *past;             // [step and row][state before, input, gated state][unit or input]
  T *kept;             // [row][tile][slot][lane], where gates are computed again

  BackwardGroup(Workspace &space, Group<T> group_, const PackedBack<Cell, T> &packed_, const Packed<Cell, T> &again_,
                Gradients<Cell, T> sums_, T *of_input_, Watch<Cell, T> watch_)
      : group(group_), packed(packed_), again(again_), sums(sums_), of_input(of_input_), watch(watch_),
        sums_wanted(group.way.dweight_ih || group.way.dweight_hh || group.way.dbias_ih || group.way.dbias_hh) {
    const std::int64_t rows = largest_group(layer.batch);
    dh = space.take<T>(rows * width), dc = space.take<T>(Cell::has_cell ? rows * width : 0);
    deltas = space.take<T>((chunk + rows) * delta_stride), past = space.take<T>((chunk + rows) * past_stride);
    dx = space.take<T>(layer.dx ? rows * x_width : 0), dgated = space.take<T>(Cell::two_stage ? rows * width : 0);
    kept = space.take<T>(layer.recompute ? rows * width * Cell::saved : 0);
  }

  void walk() {
    for (std::int64_t e = 0; H < width && e < chunk + group.count; ++e)
      store(past + e * past_stride + width - lanes<T>, Values<T>{}); // units that are not there
    group.widen(way.dhn, dh);
    if (Cell::has_cell) group.widen(way.dcn, dc);
    std::int64_t filled = 0;
    for (std::int64_t walked = layer.time - 1; walked >= 0; --walked) {
      const std::int64_t t = group.step(walked), n = group.active(t);
      for (std::int64_t r = n; r < (of_input ? group.count : n); ++r)
        std::fill_n(of_input + (t * layer.batch + group.row(r)) * I, I, T(0));
      if (n == 0) continue;
      T *delta = deltas + filled * delta_stride, *before = past + filled * past_stride;
      fetch(t, n, before);
      if (layer.recompute) compute_again(t, n, before);
      if (watch) {
        Seen<Cell, T> seen;
        through_cell<true>(t, n, delta, before, &seen);
        watch.add(t, seen);
      } else {
        through_cell<false>(t, n, delta, before, nullptr);
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
  // The gates of row r at step t: [tile][slot][lane].
  const T *gates(std::int64_t t, std::int64_t r) const {
    return layer.recompute ? kept + r * tiles * Cell::saved * lanes<T> : saved(t, r, 0);
  }
  std::int64_t earlier(std::int64_t t) const { return way.reverse ? t + 1 : t - 1; }

  // The state before step t of the first n rows, beside their inputs.
  void fetch(std::int64_t t, std::int64_t n, T *to) const {
    const T *x = layer.x + t * layer.x_time, *y = way.y + earlier(t) * layer.y_time;
    for (std::int64_t r = 0; r < n; ++r, to += past_stride) {
      const std::int64_t row = group.row(r);
      if (t != group.first_step(r)) {
        copy(to, y + row * layer.y_batch, H);
      } else if (way.h0) {
        copy(to, way.h0 + row * H, H);
      } else {
        std::fill_n(to, H, T(0));
      }
      copy(to + width, x + row * layer.x_batch, I);
    }
  }

  Values<T> c_before(std::int64_t t, std::int64_t r, std::int64_t tile) const {
    if (t != group.first_step(r)) return load(saved(earlier(t), r, tile) + (slots - 1) * lanes<T>); // c is the last
    if (!way.c0) return Values<T>{};
    return load(way.c0 + group.row(r) * H + tile * lanes<T>, group.units(tile));
  }

  // What forward would have saved, into `kept`.
  void compute_again(std::int64_t t, std::int64_t n, const T *before) {
    if constexpr (Cell::saved > 0) {
      const Operand<T> x{before + width, 1, past_stride}, h{before, 1, past_stride};
      Step<Cell, T>{again, {n, tiles, x, h, dgated, kept}}.run(StepAgain{*this, t});
    }
  }

  struct StepAgain {
    const BackwardGroup &walk;
    std::int64_t t;

    Values<T> c_before(std::int64_t r, std::int64_t tile) const { return walk.c_before(t, r, tile); }
    void take(std::int64_t r, std::int64_t tile, const ForwardWrites<Cell> &made) const {
      store_each<Cell::saved>(walk.kept + (r * walk.tiles + tile) * Cell::saved * lanes<T>, made.kept);
    }
  };

  // Gradients of the sums at step t; dh, in a cell that carries, and dc become those of the state before, without what
  // passes through the sums.
  template <bool Watched>
  void through_cell(std::int64_t t, std::int64_t n, T *delta, T *before, Seen<Cell, T> *seen) {
    for (std::int64_t r = 0; r < n; ++r, delta += delta_stride, before += past_stride) {
      const std::int64_t row = group.row(r);
      const T *y = way.y + t * layer.y_time + row * layer.y_batch;
      const T *dy = way.dy ? way.dy + t * layer.dy_time + row * layer.dy_batch : nullptr;
      const T *own = gates(t, r);
      for (std::int64_t tile = 0; tile < tiles; ++tile, own += Cell::saved * lanes<T>) {
        const std::int64_t at = tile * lanes<T>;
        const int units = group.units(tile);
        BackwardReads<Cell> in;
        BackwardWrites<Cell> out;
        load_each<Cell::saved>(in.kept, own);
        load_each<Cell::peepholes>(in.peephole, packed.peepholes + at, width);
        if (Cell::saved == 0) in.h = load(y + at, units);
        in.h_before = load(before + at);
        if (Cell::has_cell) in.c_before = c_before(t, r, tile), out.dc = load(dc + r * width + at);
        out.dh = load(dh + r * width + at);
        if (dy) out.dh += load(dy + at, units);
        const Values<T> whole_h = out.dh;
        load_each<Cell::peepholes>(out.dpeephole, sums.peephole + at, width);
        Cell::backward(in, out);
        store_each<Cell::peepholes>(sums.peephole + at, out.dpeephole, width);
        if constexpr (Cell::two_stage) store(before + width + x_width + at, in.kept[0] * in.h_before);
        if constexpr (Watched) seen->add(Cell::saved ? in.kept : &in.h, whole_h, out.whole_c, units, watch.margin);
        if (Cell::carries) store(dh + r * width + at, out.dh);
        if (Cell::has_cell) store(dc + r * width + at, out.dc);
#pragma GCC unroll 8
        for (int k = 0; k < Cell::deltas; ++k) store(delta + k * H + at, out.deltas[k], units);
      }
    }
  }

  // What passes through the sums to the state before.
  void to_state(std::int64_t t, std::int64_t n, T *delta, const T *before) {
    const std::int64_t opening = opening_gates<Cell>() * H;
    if constexpr (Cell::two_stage) {
      multiply<T>(n, tiles, {delta + opening, 1, delta_stride}, packed.panels(packed.to_state, opening), H,
                  {dgated, width}, /*from_zero=*/true);
      for (std::int64_t r = 0; r < n; ++r) open_step(t, r, delta + r * delta_stride, before + r * past_stride);
    }
    if constexpr (Cell::recurrent)
      multiply<T>(n, tiles, {delta, 1, delta_stride}, packed.panels(packed.to_state, 0), opening, {dh, width},
                  /*from_zero=*/!Cell::carries);
  }

  // The gate that acted on the state before the candidate's product.
  void open_step(std::int64_t t, std::int64_t r, T *delta, const T *before) {
    const T *own = gates(t, r);
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t at = tile * lanes<T>;
      const Values<T> reset = load(own + at * Cell::saved), of_gated = load(dgated + r * width + at);
      Values<T> of_h = load(dh + r * width + at);
      const Values<T> of_sum = Cell::backward_open(reset, load(before + at), of_gated, of_h);
      store(dh + r * width + at, of_h);
      store(delta + at, of_sum, group.units(tile));
    }
  }

  void to_inputs(std::int64_t t, std::int64_t n, const T *delta) {
    const std::int64_t registers = n_tiles<T>(I), alike = sums.alike * H;
    multiply<T>(n, registers, {delta, 1, delta_stride}, packed.panels(packed.to_input, 0), alike, {dx, x_width},
                /*from_zero=*/true);
    if constexpr (Cell::split)
      multiply<T>(n, registers, {delta + alike + H, 1, delta_stride}, packed.panels(packed.to_input, alike), H,
                  {dx, x_width});
    for (std::int64_t r = 0; r < n; ++r)
      copy(of_input + (t * layer.batch + group.row(r)) * I, dx + r * x_width, I);
  }

  // Adds what `filled` rows of deltas give: deltas^T [state before], [input]^T deltas, and their sums.
  void add(std::int64_t filled) {
    if (!sums_wanted) return;
    constexpr std::int64_t pair = 2 * lanes<T>;
    const std::int64_t alike = sums.alike * H, opening = opening_gates<Cell>() * H;
    if (Cell::recurrent)
      multiply<T>(opening, tiles, {deltas, delta_stride, 1}, {past, past_stride, pair}, filled, {sums.state, width});
    if (Cell::two_stage)
      multiply<T>(H, tiles, {deltas + opening, delta_stride, 1}, {past + width + x_width, past_stride, pair}, filled,
                  {sums.state + opening * width, width});
    const Operand<T> inputs{past + width, past_stride, 1};
    multiply<T>(I, n_tiles<T>(alike), inputs, {deltas, delta_stride, pair}, filled, {sums.input, sums.input_width()});
    if (Cell::split)
      multiply<T>(I, tiles, inputs, {deltas + alike + H, delta_stride, pair}, filled,
                  {sums.input + I * sums.input_width(), width});
    constexpr int side = 4; // registers side by side: a sum has to wait for itself
    const std::int64_t registers = n_tiles<T>(Cell::deltas * H), rest = registers % side;
    for (std::int64_t k = 0; k < registers - rest; k += side) add_deltas<side>(filled, k * lanes<T>);
    for (std::int64_t k = registers - rest; k < registers; ++k) add_deltas<1>(filled, k * lanes<T>);
  }

  template <int side> void add_deltas(std::int64_t filled, std::int64_t at) {
    Values<T> total[side];
    load_each<side>(total, sums.bias + at);
    const T *delta = deltas + at;
    for (std::int64_t e = 0; e < filled; ++e, delta += delta_stride)
#pragma GCC unroll 8
      for (int k = 0; k < side; ++k) total[k] += load(delta + k * lanes<T>);
    store_each<side>(sums.bias + at, total);
  }
};

// The workspace of backward: packed weights, each share's sums, the second direction's part of dx, each thread's own.
template <class Cell, class T> struct BackwardSpace {
  Workspace space;
  PackedBack<Cell, T> packed[2];
  Packed<Cell, T> again[2];
  WatchSpace<Cell, T> watches;
  std::int64_t shares, share_entries, own_bytes;
  T *sums, *second_dx;
  char *own;

  BackwardSpace(const Layer<T> &layer, void *at)
      : space(at), packed{weights<PackedBack<Cell, T>>(layer, 0, true), weights<PackedBack<Cell, T>>(layer, 1, true)},
        again{weights<Packed<Cell, T>>(layer, 0, computes_again(layer)),
              weights<Packed<Cell, T>>(layer, 1, computes_again(layer))},
        watches(space, layer), shares(n_shares<Cell>(layer)) {
    share_entries = Gradients<Cell, T>(Workspace(nullptr), layer).entries;
    sums = space.take<T>(share_entries * shares * layer.directions);
    second_dx = space.take<T>(layer.dx && layer.directions == 2 ? layer.time * layer.batch * layer.inputs : 0);
    Workspace measured(nullptr);
    BackwardGroup<Cell, T>(measured, Group<T>(layer, 0, 0), packed[0], again[0], {Workspace(nullptr), layer}, nullptr,
                           {});
    own_bytes = measured.bytes();
    own = space.take<char>(own_bytes * layer.threads);
  }

  // Whether forward's weights are wanted too.
  static bool computes_again(const Layer<T> &layer) { return layer.recompute && Cell::saved > 0; }

  T *share(std::int64_t direction, std::int64_t index) const {
    return sums + (direction * shares + index) * share_entries;
  }

private:
  // Room for the weights of a direction where there is one and they are wanted.
  template <class Weights> Weights weights(const Layer<T> &layer, std::int64_t direction, bool wanted) {
    Workspace nowhere(nullptr);
    return Weights(wanted && direction < layer.directions ? space : nowhere, layer);
  }
};

template <class Cell, class T> void backward(const Layer<T> &layer) {
  const BackwardSpace<Cell, T> made(layer, layer.workspace);
  for (int d = 0; d < layer.directions; ++d) {
    made.packed[d].fill(layer, layer.direction[d]);
    if (made.computes_again(layer)) made.again[d].fill(layer, layer.direction[d]);
  }
  const std::int64_t jobs = made.shares * layer.directions, groups = n_groups(layer.batch);
#pragma omp parallel for schedule(dynamic) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t job = 0; job < jobs; ++job) {
    const int d = static_cast<int>(job / made.shares);
    const std::int64_t share = job % made.shares;
    T *first = made.share(d, share);
    std::fill_n(first, made.share_entries, T(0));
    for (std::int64_t g = groups * share / made.shares; g < groups * (share + 1) / made.shares; ++g) {
      Workspace own(made.own + thread_index() * made.own_bytes);
      BackwardGroup<Cell, T>(own, Group<T>(layer, d, g), made.packed[d], made.again[d], {Workspace(first), layer},
                             d == 0 || !layer.dx ? layer.dx : made.second_dx, made.watches.of(d, g))
          .walk();
    }
  }
  for (int d = 0; d < layer.directions; ++d) {
    gather<Cell, T>(layer, layer.direction[d], made.share(d, 0), made.shares);
    made.watches.gather(d);
  }
  if (!layer.dx || layer.directions == 1) return;
  const std::int64_t entries = layer.time * layer.batch * layer.inputs;
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t k = 0; k < entries; ++k) layer.dx[k] += made.second_dx[k];
}

} // namespace tidegate
