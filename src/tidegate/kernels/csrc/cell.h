// What a step of a cell reads and what it makes: one register of units of one row. Each cell uses of it what it needs.
//
// A cell is a struct of static functions and these constants:
//   gates      row blocks of the weights (the candidate counts as one)
//   slots      sums per unit: one a gate, and one more where the candidate's is split
//   saved      registers kept for backward; none where h_t itself is enough
//   deltas     gradients of the sums
//   peepholes  weights from c to the gates
//   span       registers of units whose sums are made together
//   lower      of each gate its lower limit, whose upper is 1; or 1 where it has none
//   has_cell   whether there is a c beside h
//   split      whether the candidate's sum comes in two parts, that of the input and that of the state
//   recurrent  whether the sums see the state
//   two_stage  whether the candidate's sum sees the state only once it is gated: `open`, then `close`
//   carries    whether h_t sees h_{t-1} beside the sums
#pragma once

#include "vector.h"

namespace tidegate {

constexpr int at_least_one(int count) { return count > 0 ? count : 1; } // no array is empty

template <class Cell> struct ForwardReads {
  using V = typename Cell::V;
  V sums[Cell::slots];
  V peephole[at_least_one(Cell::peepholes)];
  V h_before{}, c_before{};
};

template <class Cell> struct ForwardWrites {
  using V = typename Cell::V;
  V h{}, c{};
  V kept[at_least_one(Cell::saved)];
};

template <class Cell> struct BackwardReads {
  using V = typename Cell::V;
  V kept[at_least_one(Cell::saved)]; // by forward
  V peephole[at_least_one(Cell::peepholes)];
  V h{}; // where nothing is kept
  V h_before{}, c_before{};
};

// Gradients.
template <class Cell> struct BackwardWrites {
  using V = typename Cell::V;
  V dh;        // of h_t; in a cell that carries it becomes that of h_{t-1}, less what passes through the sums
  V dc{};      // of c_t, without what comes through h_t; it becomes that of c_{t-1}
  V whole_c{}; // of c_t, with it
  V deltas[Cell::deltas];
  V dpeephole[at_least_one(Cell::peepholes)]; // to be added to
};

} // namespace tidegate
