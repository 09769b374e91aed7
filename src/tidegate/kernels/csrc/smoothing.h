// Exponential smoothing of many series at once: a level, and up to two multiplicative seasons.
//
// Axis letters: T time, B batch (series, contiguous), m steps of a season. With P the product of the seasons' factors
// called s,
//   x_t = y_t / P_t,   level_t = alpha x_t + (1 - alpha) level_{t-1},   q_t = x_t / level_t,
//   s_{t+m} = gamma y_t / (level_t P_t / s_t) + (1 - gamma) s_t = s_t (gamma q_t + 1 - gamma),
// the last form for two divisions a step however many seasons there are. A missing y_t (NaN, or beyond the series'
// length) leaves level_t = level_{t-1} and s_{t+m} = s_t.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "export.h"
#include "vector.h"

namespace tidegate {

template <class T> struct SmoothingSeason {
  std::int64_t steps;     // m
  const T *first, *gamma; // (m, B), (B)
  T *factors;             // (T + m, B)
  const T *dfactors;      // (T + m, B) with the stride below, or null for zeros
  std::int64_t dfactors_time;
  T *dfirst; // (m, B): always there in backward, which keeps in row t mod m the gradient of the factor ahead
  T *dgamma; // (B), or null where not wanted
};

template <class T> struct Smoothing {
  std::int64_t time, batch, threads, n_seasons;
  const T *values; // (T, B); strides over time are in entries
  std::int64_t values_time;
  const T *alpha, *start;      // (B); start null: the first value that is there, divided by its factors
  const std::int64_t *lengths; // (B), or null for T everywhere
  T *levels;                   // (T, B)
  const T *dlevels;            // (T, B) with the stride below, or null for zeros
  std::int64_t dlevels_time;
  T *dvalues, *dalpha, *dstart; // (T, B), (B), (B); null where not wanted
  SmoothingSeason<T> season[2];
};

// Series side by side in `Registers` registers, walked through all steps by one thread. Several registers hide the
// latency of the divisions; only a strip of one register may be partly filled.
template <class T, int Seasons, int Registers> class SmoothingStrip {
  using Value = Values<T>;
  using Mask = Bits<T>;
  using Whole = std::decay_t<decltype(Mask{}[0])>;

  const Smoothing<T> &work;
  const std::int64_t first, B;
  const int count;

  Value read(const T *row, int r) const {
    const T *from = row + first + r * lanes<T>;
    return Registers > 1 ? load(from) : load(from, count);
  }
  void write(T *row, int r, Value value) const {
    T *to = row + first + r * lanes<T>;
    Registers > 1 ? store(to, value) : store(to, value, count);
  }
  Value value(std::int64_t t, int r) const { return read(work.values + t * work.values_time, r); }
  Value factor(int k, std::int64_t t, int r) const { return read(work.season[k].factors + t * B, r); }
  T *ahead(int k, std::int64_t t) const { return work.season[k].dfirst + t % work.season[k].steps * B; }

  Mask ends(int r) const {
    Mask steps = Mask{} + static_cast<Whole>(work.time);
    if (work.lengths)
      for (int lane = 0; lane < (Registers > 1 ? lanes<T> : count); ++lane)
        steps[lane] = static_cast<Whole>(
            std::clamp<std::int64_t>(work.lengths[first + r * lanes<T> + lane], 0, work.time));
    return steps;
  }
  static Mask seen(Value y, std::int64_t t, Mask end) { return (y == y) & (Mask{} + static_cast<Whole>(t) < end); }
  static bool any(Mask mask) {
    Whole found = 0;
    for (int lane = 0; lane < lanes<T>; ++lane) found |= mask[lane];
    return found != 0;
  }

  // The product of the seasons' first factors at a step, for before there are later ones.
  Value first_product(std::int64_t t, int r) const {
    Value product = all(T(1));
    for (int k = 0; k < Seasons; ++k)
      product *= read(work.season[k].first + t % work.season[k].steps * B, r);
    return product;
  }

  // The level before the first step: NaN for a series that has no value at all.
  Value start(int r, Mask end) const {
    if (work.start) return read(work.start, r);
    Value level = all(T(0)) / all(T(0));
    Mask waiting = Mask{} - 1;
    for (std::int64_t t = 0; t < work.time && any(waiting); ++t) {
      const Value y = value(t, r);
      const Mask here = seen(y, t, end) & waiting;
      level = here ? y / first_product(t, r) : level;
      waiting &= ~here;
    }
    return level;
  }

  // What the start pulls at, where it is the first value that is there.
  void backward_start(int r, Mask end, Value pull) const {
    Mask waiting = Mask{} - 1;
    for (std::int64_t t = 0; t < work.time && any(waiting); ++t) {
      const Value y = value(t, r), product = first_product(t, r), none = {};
      const Mask here = seen(y, t, end) & waiting;
      const Value dy = here ? pull / product : none;
      if (work.dvalues) write(work.dvalues + t * B, r, read(work.dvalues + t * B, r) + dy);
      for (int k = 0; k < Seasons; ++k) {
        const Value s = read(work.season[k].first + t % work.season[k].steps * B, r);
        write(ahead(k, t), r, read(ahead(k, t), r) - (here ? dy * y / s : none));
      }
      waiting &= ~here;
    }
  }

  // What a register's series carry through time.
  struct Walk {
    Mask end;
    Value alpha, level, gamma[Seasons + 1];
    Value flow = {}, dalpha = {}, dgamma[Seasons + 1] = {}; // flow: the gradient of the level before
  };
  Walk begin(int r) const {
    Walk walk;
    walk.end = ends(r);
    walk.alpha = read(work.alpha, r);
    walk.level = start(r, walk.end);
    for (int k = 0; k < Seasons; ++k) walk.gamma[k] = read(work.season[k].gamma, r);
    return walk;
  }

  void step_forward(std::int64_t t, int r, Walk &walk) const {
    const Value y = value(t, r);
    const Mask here = seen(y, t, walk.end);
    Value s[Seasons + 1], x = y;
    for (int k = 0; k < Seasons; ++k) s[k] = factor(k, t, r);
    if constexpr (Seasons == 1) x = y / s[0];
    if constexpr (Seasons == 2) x = y / (s[0] * s[1]);
    walk.level = here ? walk.alpha * x + (T(1) - walk.alpha) * walk.level : walk.level;
    write(work.levels + t * B, r, walk.level);
    if constexpr (Seasons > 0) {
      const Value q = x / walk.level;
      for (int k = 0; k < Seasons; ++k) {
        const Value next = s[k] * (walk.gamma[k] * q + (T(1) - walk.gamma[k]));
        write(work.season[k].factors + (t + work.season[k].steps) * B, r, here ? next : s[k]);
      }
    }
  }

  void step_backward(std::int64_t t, int r, T *const *ahead, Walk &walk) const {
    const Value one = all(T(1)), none = {}, y = value(t, r);
    const Mask here = seen(y, t, walk.end);
    Value s[Seasons + 1], pull[Seasons + 1], product = one, q = none, dx = none;
    const Value past = walk.flow + (work.dlevels ? read(work.dlevels + t * work.dlevels_time, r) : none);
    for (int k = 0; k < Seasons; ++k) {
      s[k] = factor(k, t, r);
      pull[k] = read(ahead[k], r);
      product *= s[k];
    }
    const Value inverse = Seasons ? one / product : one, x = y * inverse;
    if constexpr (Seasons > 0) {
      const Value inverse_level = one / read(work.levels + t * B, r);
      q = x * inverse_level;
      for (int k = 0; k < Seasons; ++k) {
        dx += pull[k] * walk.gamma[k] * s[k];
        walk.dgamma[k] += here ? pull[k] * s[k] * (q - one) : none;
      }
      dx *= inverse_level;
    }
    const Value flow = past - dx * q, before = t ? read(work.levels + (t - 1) * B, r) : walk.level;
    walk.dalpha += here ? flow * (x - before) : none;
    walk.flow = here ? (one - walk.alpha) * flow : past;
    const Value dy = here ? (dx + walk.alpha * flow) * inverse : none;
    if (work.dvalues) write(work.dvalues + t * B, r, dy);
    for (int k = 0; k < Seasons; ++k) {
      const SmoothingSeason<T> &season = work.season[k];
      const Value inverse_factor = Seasons == 1 ? inverse : inverse * s[Seasons - 1 - k];
      const Value ds = pull[k] * (walk.gamma[k] * q + (one - walk.gamma[k])) - dy * y * inverse_factor;
      const Value own = season.dfactors ? read(season.dfactors + t * season.dfactors_time, r) : none;
      write(ahead[k], r, (here ? ds : pull[k]) + own);
    }
  }

  void finish_backward(int r, const Walk &walk) const {
    if (!work.start) backward_start(r, walk.end, walk.flow);
    if (work.dstart) write(work.dstart, r, walk.flow);
    if (work.dalpha) write(work.dalpha, r, walk.dalpha);
    for (int k = 0; k < Seasons; ++k)
      if (work.season[k].dgamma) write(work.season[k].dgamma, r, walk.dgamma[k]);
  }

public:
  SmoothingStrip(const Smoothing<T> &work_, std::int64_t first_, std::int64_t count_)
      : work(work_), first(first_), B(work_.batch), count(static_cast<int>(std::min<std::int64_t>(count_, lanes<T>))) {}

  void forward() const {
    for (int k = 0; k < Seasons; ++k)
      for (std::int64_t t = 0; t < work.season[k].steps; ++t)
        for (int r = 0; r < Registers; ++r)
          write(work.season[k].factors + t * B, r, read(work.season[k].first + t * B, r));
    Walk walk[Registers];
    for (int r = 0; r < Registers; ++r) walk[r] = begin(r);
    for (std::int64_t t = 0; t < work.time; ++t)
      for (int r = 0; r < Registers; ++r) step_forward(t, r, walk[r]);
  }

  void backward() const {
    for (int k = 0; k < Seasons; ++k)
      for (std::int64_t t = work.time; t < work.time + work.season[k].steps; ++t)
        for (int r = 0; r < Registers; ++r) {
          const SmoothingSeason<T> &season = work.season[k];
          write(ahead(k, t), r, season.dfactors ? read(season.dfactors + t * season.dfactors_time, r) : Value{});
        }
    Walk walk[Registers];
    for (int r = 0; r < Registers; ++r) walk[r] = begin(r);
    for (std::int64_t t = work.time - 1; t >= 0; --t) {
      T *rows[Seasons + 1] = {};
      for (int k = 0; k < Seasons; ++k) rows[k] = ahead(k, t);
      for (int r = 0; r < Registers; ++r) step_backward(t, r, rows, walk[r]);
    }
    for (int r = 0; r < Registers; ++r) finish_backward(r, walk[r]);
  }
};

// A strip is computed alike whichever thread takes it: the bits do not depend on their number.
template <class T, int Seasons, bool Forward> void smooth_strips(const Smoothing<T> &work) {
  constexpr int registers = 4, wide = registers * lanes<T>;
  const std::int64_t n_wide = work.batch / wide, rest = work.batch - n_wide * wide;
  const std::int64_t n_strips = n_wide + (rest + lanes<T> - 1) / lanes<T>;
  constexpr std::int64_t worth_a_thread = 1 << 14; // values: below, waking a thread costs more than it saves
  const std::int64_t useful = std::max<std::int64_t>(1, std::min(n_strips, work.time * work.batch / worth_a_thread));
  [[maybe_unused]] const int threads = static_cast<int>(std::clamp<std::int64_t>(work.threads, 1, useful));
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::int64_t strip = 0; strip < n_strips; ++strip) {
    if (strip < n_wide) {
      const SmoothingStrip<T, Seasons, registers> whole(work, strip * wide, wide);
      Forward ? whole.forward() : whole.backward();
    } else {
      const std::int64_t first = n_wide * wide + (strip - n_wide) * lanes<T>;
      const SmoothingStrip<T, Seasons, 1> part(work, first, work.batch - first);
      Forward ? part.forward() : part.backward();
    }
  }
}

template <class T, bool Forward> void smooth(const Smoothing<T> &work) {
  if (work.n_seasons == 0) return smooth_strips<T, 0, Forward>(work);
  if (work.n_seasons == 1) return smooth_strips<T, 1, Forward>(work);
  smooth_strips<T, 2, Forward>(work);
}

} // namespace tidegate

// The exported functions of one type of number; used once, in kernels.h.
#define TIDEGATE_SMOOTHING                                                                                             \
  TIDEGATE_EXPORT std::int64_t TIDEGATE_NAME(smoothing, bytes)() {                                                     \
    return sizeof(tidegate::Smoothing<TIDEGATE_TYPE>);                                                                 \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(smoothing, forward)(const tidegate::Smoothing<TIDEGATE_TYPE> *work) {             \
    tidegate::smooth<TIDEGATE_TYPE, true>(*work);                                                                      \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(smoothing, backward)(const tidegate::Smoothing<TIDEGATE_TYPE> *work) {            \
    tidegate::smooth<TIDEGATE_TYPE, false>(*work);                                                                     \
  }
