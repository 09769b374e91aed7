// A cell over time: each group of rows walks through all steps alone, its state stays in the first cache.
#pragma once

#include <utility>

#include "gates.h"

namespace tidegate {

// Where the results of one step go: the next state, y and what backward reads.
template <class Cell, class T> struct StepResults {
  T *next, *cell, *y, *saved, *saved_cell;
  const std::int64_t *order;
  std::int64_t y_batch, hidden, tiles;

  StepResults(const Group<T> &group, std::int64_t t, T *next_, T *cell_)
      : next(next_), cell(cell_), y(group.way.y + t * group.layer.y_time), saved(group.way.saved), saved_cell(nullptr),
        order(group.layer.order), y_batch(group.layer.y_batch), hidden(group.layer.hidden), tiles(n_tiles<T>(hidden)) {
    if (saved) saved += (t * group.layer.batch + group.first) * tiles * saved_slots<Cell>(group.layer) * lanes<T>;
    if (group.layer.recompute) saved_cell = std::exchange(saved, nullptr);
    if (order) {
      order += group.first;
    } else {
      y += group.first * y_batch;
    }
  }

  [[gnu::always_inline]] Values<T> c_before(std::int64_t r, std::int64_t tile) const {
    return load(cell + (r * tiles + tile) * lanes<T>);
  }

  [[gnu::always_inline]] void take(std::int64_t r, std::int64_t tile, const ForwardWrites<Cell> &made) const {
    const std::int64_t row = order ? order[r] : r, left = hidden - tile * lanes<T>;
    store(next + (r * tiles + tile) * lanes<T>, made.h);
    if (Cell::has_cell) store(cell + (r * tiles + tile) * lanes<T>, made.c);
    store(y + row * y_batch + tile * lanes<T>, made.h, left < lanes<T> ? left : lanes<T>);
    if (saved) {
      store_each<Cell::saved>(saved + (r * tiles + tile) * Cell::saved * lanes<T>, made.kept);
    } else if (Cell::has_cell && saved_cell) {
      store(saved_cell + (r * tiles + tile) * lanes<T>, made.c);
    }
  }
};

template <class Cell, class T> struct ForwardGroup {
  Group<T> group;
  const Packed<Cell, T> &packed;
  const Layer<T> &layer = group.layer;
  const Direction<T> &way = group.way;
  std::int64_t H = layer.hidden, I = layer.inputs, tiles = n_tiles<T>(H), width = padded<T>(H);
  T *now, *next, *cell, *gathered, *gated, *kept;

  ForwardGroup(Workspace &space, Group<T> group_, const Packed<Cell, T> &packed_) : group(group_), packed(packed_) {
    const std::int64_t rows = largest_group(layer.batch);
    now = space.take<T>(rows * width), next = space.take<T>(rows * width);
    cell = space.take<T>(Cell::has_cell ? rows * width : 0);
    gathered = space.take<T>(layer.order ? rows * I : 0);
    gated = space.take<T>(Cell::two_stage ? rows * width : 0);
    kept = space.take<T>(Cell::two_stage ? rows * width * Cell::saved : 0);
  }

  void walk() {
    group.widen(way.h0, now);
    if (layer.lengths) group.widen(way.h0, next);
    if (Cell::has_cell) group.widen(way.c0, cell);
    for (std::int64_t r = 0; r < group.count; ++r)
      if (group.length(r) == 0) finish(r, now);
    for (std::int64_t walked = 0; walked < layer.time; ++walked) {
      const std::int64_t t = group.step(walked), n = group.active(t);
      advance(t, n);
      for (std::int64_t r = n; r < group.count; ++r)
        std::fill_n(way.y + t * layer.y_time + group.row(r) * layer.y_batch, H, T(0));
      for (std::int64_t r = 0; r < n; ++r)
        if (t == group.last_step(r)) finish(r, next);
      std::swap(now, next);
    }
  }

private:
  void finish(std::int64_t r, const T *h) const {
    group.narrow(r, h + r * width, way.hn);
    if (Cell::has_cell) group.narrow(r, cell + r * width, way.cn);
  }

  Operand<T> inputs(std::int64_t t, std::int64_t n) const {
    const T *x = layer.x + t * layer.x_time;
    if (!layer.order) return {x + group.first * layer.x_batch, 1, layer.x_batch};
    for (std::int64_t r = 0; r < n; ++r) copy(gathered + r * I, x + group.row(r) * layer.x_batch, I);
    return {gathered, 1, I};
  }

  void advance(std::int64_t t, std::int64_t n) {
    const Step<Cell, T> step{packed, {n, tiles, inputs(t, n), {now, 1, width}, gated, kept}};
    step.run(StepResults<Cell, T>(group, t, next, cell));
  }
};

// The workspace of forward: packed weights of each direction that brings none, then each thread's own.
template <class Cell, class T> struct ForwardSpace {
  Workspace space;
  Packed<Cell, T> packed[2];
  char *own;
  std::int64_t bytes_each;

  ForwardSpace(const Layer<T> &layer, void *at) : space(at), packed{weights(layer, 0), weights(layer, 1)} {
    Workspace measured(nullptr);
    ForwardGroup<Cell, T>(measured, Group<T>(layer, 0, 0), packed[0]);
    bytes_each = measured.bytes();
    own = space.take<char>(bytes_each * layer.threads);
  }

private:
  Packed<Cell, T> weights(const Layer<T> &layer, std::int64_t d) {
    Workspace there(const_cast<T *>(layer.direction[d].packed));
    const bool here = d < layer.directions && !layer.direction[d].packed;
    return here ? Packed<Cell, T>(space, layer) : Packed<Cell, T>(there, layer);
  }
};

template <class Cell, class T> void forward(const Layer<T> &layer) {
  const ForwardSpace<Cell, T> made(layer, layer.workspace);
  for (int d = 0; d < layer.directions; ++d)
    if (!layer.direction[d].packed) made.packed[d].fill(layer, layer.direction[d]);
  const std::int64_t per = n_groups(layer.batch), jobs = per * layer.directions;
#pragma omp parallel for schedule(dynamic) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t job = 0; job < jobs; ++job) {
    const int d = static_cast<int>(job / per);
    Workspace own(made.own + thread_index() * made.bytes_each);
    ForwardGroup<Cell, T>(own, Group<T>(layer, d, job % per), made.packed[d]).walk();
  }
}

} // namespace tidegate
