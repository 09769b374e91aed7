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
  // Where those of a gate begin, and how far one input's stand from the next's.
  const T *of_gate(int gate) const { return input + (own(gate) ? I * input_width() : gate * H); }
  std::int64_t stride(int gate) const { return own(gate) ? width : input_width(); }

private:
  static bool own(int gate) { return Cell::split && gate == alike; }
};

// The batch in shares that sum their own gradients: as many as threads may want, fewer where the weights are large. To
// clear and gather sums that outgrow the second cache takes as long as a hundred steps of a row: with more than four
// shares each has 512 steps at least.
template <class Cell, class T> inline std::int64_t n_shares(const Layer<T> &layer) {
  constexpr std::int64_t most = 16, together = std::int64_t(1) << 26; // shares; bytes
  constexpr std::int64_t cached = std::int64_t(1) << 20, steps = 512, least = 4; // bytes; steps; shares
  const std::int64_t each = Gradients<Cell, T>(Workspace(nullptr), layer).entries * sizeof(T);
  const std::int64_t fitting = std::clamp<std::int64_t>(together / std::max<std::int64_t>(each, 1), 2, most);
  const std::int64_t busy = each <= cached ? most : std::max(layer.time * layer.batch / steps, least);
  return std::min({n_groups(layer.batch), fitting, busy});
}

// Writes the gradients of one gate's weights to the inputs, for a register of units from `first` on. They are summed
// for one input after another, and wanted for one unit after another: as many inputs at a time as a line holds, so that
// what is read and what is written are whole lines.
template <class Cell, class T>
void gather_inputs(const Gradients<Cell, T> &sums, int gate, std::int64_t first, std::int64_t shares, T *to) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t I = sums.I, stride = sums.stride(gate);
  const int units = static_cast<int>(std::min<std::int64_t>(lanes<T>, sums.H - first));
  const T *from = sums.of_gate(gate) + first;
  to += (gate * sums.H + first) * I;
  for (std::int64_t begin = 0; begin < I; begin += line) {
    alignas(64) T block[line][lanes<T>];
    const std::int64_t count = std::min(line, I - begin);
    for (std::int64_t k = 0; k < count; ++k) {
      Values<T> total{};
      for (std::int64_t s = 0; s < shares; ++s)
        total += load(from + s * sums.entries + (begin + k) * stride, units);
      store(block[k], total);
    }
    for (int unit = 0; unit < units; ++unit)
      for (std::int64_t k = 0; k < count; ++k) to[unit * I + begin + k] = block[k][unit];
  }
}

// Writes what the caller wants from the shares' sums, which stand one after another from `first` on.
template <class Cell, class T>
void gather(const Layer<T> &layer, const Direction<T> &way, T *first, std::int64_t shares) {
  const Gradients<Cell, T> sums(Workspace(first), layer);
  const std::int64_t H = layer.hidden, each = sums.entries;
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
    if (way.dbias_hh) add(sums.bias + row, 1, way.dbias_hh + row);
    if (way.dbias_ih) add(sums.bias + (Cell::split && row >= sums.alike * H ? row + H : row), 1, way.dbias_ih + row);
  }
  const std::int64_t tiles = n_tiles<T>(H);
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(layer.threads)) if (layer.threads > 1)
  for (std::int64_t k = 0; k < (way.dweight_ih ? Cell::gates * tiles : 0); ++k)
    gather_inputs(sums, static_cast<int>(k / tiles), k % tiles * lanes<T>, shares, way.dweight_ih);
  for (std::int64_t k = 0; k < (way.dpeephole ? Cell::peepholes : 0); ++k)
    add(sums.peephole + k * sums.width, H, way.dpeephole + k * H);
}

} // namespace tidegate
