// Gradients of a direction's weights: each share of the batch sums its own, then they are summed in the shares' order.
#pragma once

#include "group.h"
#include "workspace.h"

namespace tidegate {

// Where the gradients of the sums of one row stand: [delta][unit], one line of slack against rows a power of two apart.
template <class Cell, class T> inline std::int64_t delta_width(const Layer<T> &layer) {
  return padded<T>(Cell::deltas * layer.hidden) + 64 / static_cast<std::int64_t>(sizeof(T));
}

template <class Cell, class T> struct Gradients {
  static constexpr int alike = Cell::split ? Cell::gates - 1 : Cell::gates; // gates whose input and state share a delta
  std::int64_t H, I, width; // width: units in whole registers
  T *state;                 // (G H, width)
  T *input;                 // (I, alike H in whole registers), then with a split (I, width) for the candidate
  T *bias;                  // (deltas H in whole registers)
  T *peephole;              // (peepholes, width)
  std::int64_t entries;

  Gradients(Workspace space, const Layer<T> &layer) : H(layer.hidden), I(layer.inputs), width(padded<T>(H)) {
    state = space.take<T>(Cell::recurrent ? Cell::gates * H * width : 0);
    input = space.take<T>(I * (input_width() + (Cell::split ? width : 0)));
    bias = space.take<T>(padded<T>(Cell::deltas * H));
    peephole = space.take<T>(Cell::peepholes * width);
    entries = space.entries<T>();
  }

  std::int64_t input_width() const { return padded<T>(alike * H); }
  const T *of_input(const T *base, std::int64_t gate, std::int64_t unit, std::int64_t k) const {
    const bool own = Cell::split && gate == alike;
    return own ? base + I * input_width() + k * width + unit : base + k * input_width() + gate * H + unit;
  }
};

// The batch in shares that sum their own gradients: as many as threads may want, fewer where the weights are large.
template <class Cell, class T> inline std::int64_t n_shares(const Layer<T> &layer) {
  constexpr std::int64_t most = 16, together = std::int64_t(1) << 26; // shares; bytes
  const std::int64_t each = Gradients<Cell, T>(Workspace(nullptr), layer).entries * sizeof(T);
  const std::int64_t fitting = together / std::max<std::int64_t>(each, 1);
  return std::min(n_groups(layer.batch), std::clamp<std::int64_t>(fitting, 2, most));
}

// Writes what the caller wants from the shares' sums, which stand one after another from `first` on.
template <class Cell, class T>
void gather(const Layer<T> &layer, const Direction<T> &way, T *first, std::int64_t shares) {
  const Gradients<Cell, T> sums(Workspace(first), layer);
  const std::int64_t H = layer.hidden, I = layer.inputs, each = sums.entries;
  const auto add = [&](const T *from, std::int64_t count, T *to) {
    for (std::int64_t k = 0; k < count; ++k) {
      T total = 0;
      for (std::int64_t s = 0; s < shares; ++s) total += from[s * each + k];
      to[k] = total;
    }
  };
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t row = 0; row < Cell::gates * H; ++row) {
    if (Cell::recurrent && way.dweight_hh) add(sums.state + row * sums.width, H, way.dweight_hh + row * H);
    for (std::int64_t k = 0; k < (way.dweight_ih ? I : 0); ++k)
      add(sums.of_input(sums.input, row / H, row % H, k), 1, way.dweight_ih + row * I + k);
    if (way.dbias_hh) add(sums.bias + row, 1, way.dbias_hh + row);
    if (way.dbias_ih) add(sums.bias + (Cell::split && row >= sums.alike * H ? row + H : row), 1, way.dbias_ih + row);
  }
  for (std::int64_t k = 0; k < (way.dpeephole ? Cell::peepholes : 0); ++k)
    add(sums.peephole + k * sums.width, H, way.dpeephole + k * H);
}

} // namespace tidegate
