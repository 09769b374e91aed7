// A cell over time: each group of rows walks through all steps alone, its state stays in the first cache.
#pragma once

#include "packed.h"
#include "product.h"

namespace tidegate {

// Entries of `saved` per row, step and register: what backward reads. When gates are computed again, c alone.
template <class Cell, class T> inline std::int64_t saved_slots(const Layer<T> &layer) {
  return layer.recompute ? Cell::has_cell : Cell::saved;
}

// The sums of one span of tiles at one step, and what follows from them.
template <class Cell, class T, int Span> struct SpanSums {
  static constexpr int gates = opening_gates<Cell>(), G = Span * gates, most = tile_rows<G>();
  static constexpr int stride = Cell::split ? G + 1 : G; // registers of sums per row

  // use(row, tile, its sums) for all rows and the tiles from `tile` on.
  template <class Use>
  static void run(const Packed<Cell, T> &packed, std::int64_t tile, std::int64_t n, Operand<T> inputs, Operand<T> state,
                  Use use) {
    alignas(64) T sums[most * stride * lanes<T>];
    const T *weights = packed.weights + tile * packed.depth() * gates * lanes<T>;
    const T *start = packed.start + tile * Cell::slots * lanes<T>;
    for (std::int64_t from = 0, to; from < n; from = to) {
      to = tile_end(from, n, most);
      const GateProduct<T, Cell::split> work{{inputs.at + from * inputs.row_stride, 1, inputs.row_stride},
                                             {state.at + from * state.row_stride, 1, state.row_stride},
                                             packed.n_inputs, packed.n_state, weights, start, sums};
      run_rows<G>(work, to - from);
      for (std::int64_t r = from; r < to; ++r)
        for (int s = 0; s < Span; ++s) use(r, tile + s, sums + ((r - from) * stride + s * gates) * lanes<T>);
    }
  }
};

// use(row, tile, sums) for all tiles.
template <class Cell, class T, class Use>
inline void each_sums(const Packed<Cell, T> &packed, std::int64_t tiles, std::int64_t n, Operand<T> inputs,
                      Operand<T> state, Use use) {
  for (std::int64_t tile = 0, step; tile < tiles; tile += step) {
    step = span<Cell>(tiles - tile);
    if (step > 1) {
      SpanSums<Cell, T, Cell::span>::run(packed, tile, n, inputs, state, use);
    } else {
      SpanSums<Cell, T, 1>::run(packed, tile, n, inputs, state, use);
    }
  }
}

// The candidate's sums once the state is gated.
template <class Cell, class T, class Use>
inline void each_candidate(const Packed<Cell, T> &packed, std::int64_t tiles, std::int64_t n, Operand<T> inputs,
                           Operand<T> gated, Use use) {
  constexpr int most = tile_rows<1>();
  alignas(64) T sums[most * lanes<T>];
  for (std::int64_t tile = 0; tile < tiles; ++tile)
    for (std::int64_t from = 0, to; from < n; from = to) {
      to = tile_end(from, n, most);
      const GateProduct<T, false> work{{inputs.at + from * inputs.row_stride, 1, inputs.row_stride},
                                       {gated.at + from * gated.row_stride, 1, gated.row_stride},
                                       packed.n_inputs, packed.n_state,
                                       packed.candidate + tile * packed.depth() * lanes<T>,
                                       packed.start + (tile * Cell::slots + Cell::slots - 1) * lanes<T>, sums};
      run_rows<1>(work, to - from);
      for (std::int64_t r = from; r < to; ++r) use(r, tile, sums + (r - from) * lanes<T>);
    }
}

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
    for (std::int64_t r = 0; r < n; ++r) std::copy_n(x + group.row(r) * layer.x_batch, I, gathered + r * I);
    return {gathered, 1, I};
  }

  void advance(std::int64_t t, std::int64_t n) {
    const Operand<T> x = inputs(t, n), h{now, 1, width};
    if constexpr (Cell::two_stage) {
      each_sums(packed, tiles, n, x, h, [&](std::int64_t r, std::int64_t tile, const T *sums) {
        const std::int64_t at = r * width + tile * lanes<T>;
        Values<T> sum[Cell::slots], own[Cell::saved];
        for (int slot = 0; slot < opening_gates<Cell>(); ++slot) sum[slot] = load(sums + slot * lanes<T>);
        store(gated + at, Cell::open(sum, load(now + at), own));
        for (int k = 0; k < Cell::saved; ++k) store(kept + at * Cell::saved + k * lanes<T>, own[k]);
      });
      each_candidate(packed, tiles, n, x, Operand<T>{gated, 1, width},
                     [&](std::int64_t r, std::int64_t tile, const T *sums) { close(t, r, tile, sums); });
    } else {
      each_sums(packed, tiles, n, x, h, [&](std::int64_t r, std::int64_t tile, const T *sums) { update(t, r, tile, sums); });
    }
  }

  void update(std::int64_t t, std::int64_t r, std::int64_t tile, const T *sums) {
    const std::int64_t at = r * width + tile * lanes<T>;
    Values<T> sum[Cell::slots], own[Cell::saved + 1], peephole[Cell::peepholes + 1];
#pragma GCC unroll 8
    for (int slot = 0; slot < Cell::slots; ++slot) sum[slot] = load(sums + slot * lanes<T>);
#pragma GCC unroll 8
    for (int row = 0; row < Cell::peepholes; ++row)
      peephole[row] = load(packed.peepholes + (tile * Cell::peepholes + row) * lanes<T>);
    Values<T> h = load(now + at), c{};
    if (Cell::has_cell) c = load(cell + at);
    Cell::forward(sum, peephole, h, c, own);
    if (Cell::has_cell) store(cell + at, c);
    write(t, r, tile, h, c, own);
  }

  void close(std::int64_t t, std::int64_t r, std::int64_t tile, const T *sums) {
    const std::int64_t at = r * width + tile * lanes<T>;
    Values<T> own[Cell::saved + 1], h = load(now + at);
    for (int k = 0; k < Cell::saved; ++k) own[k] = load(kept + at * Cell::saved + k * lanes<T>);
    Cell::close(load(sums), h, own);
    write(t, r, tile, h, Values<T>{}, own);
  }

  void write(std::int64_t t, std::int64_t r, std::int64_t tile, Values<T> h, Values<T> c, const Values<T> *own) {
    store(next + r * width + tile * lanes<T>, h);
    store(way.y + t * layer.y_time + group.row(r) * layer.y_batch + tile * lanes<T>, h, group.units(tile));
    if (!way.saved) return;
    const std::int64_t slots = saved_slots<Cell>(layer);
    T *to = way.saved + ((t * layer.batch + group.first + r) * tiles + tile) * slots * lanes<T>;
    if (layer.recompute) {
      if (Cell::has_cell) store(to, c);
      return;
    }
#pragma GCC unroll 8
    for (int k = 0; k < Cell::saved; ++k) store(to + k * lanes<T>, own[k]);
  }
};

// The workspace of forward: packed weights of each direction that brings none, then each thread's own.
template <class Cell, class T> struct ForwardSpace {
  Workspace space;
  Packed<Cell, T> packed[2];
  char *own;
  std::int64_t bytes_each;

  ForwardSpace(const Layer<T> &layer, void *at)
      : space(at), packed{of(layer, 0), of(layer, 1)} {
    Workspace measured(nullptr);
    ForwardGroup<Cell, T>(measured, Group<T>(layer, 0, 0), packed[0]);
    bytes_each = measured.bytes();
    own = space.take<char>(bytes_each * layer.threads);
  }

private:
  Packed<Cell, T> of(const Layer<T> &layer, std::int64_t d) {
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
