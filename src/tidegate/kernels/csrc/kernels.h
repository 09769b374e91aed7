// Everything that is exported, for TIDEGATE_TYPE, which is written TIDEGATE_SUFFIX in the names; compiled once per
// instruction set into a library of its own.
#pragma once

#include "activation_exports.h"
#include "elman.h"
#include "gru.h"
#include "lstm.h"
#include "minimal.h"
#include "recurrence.h"
#include "smoothing.h"

using namespace tidegate;

TIDEGATE_RECURRENCE(elman_tanh, Elman<T, Nonlinearity::tanh>, T)
TIDEGATE_RECURRENCE(elman_relu, Elman<T, Nonlinearity::relu>, T)
TIDEGATE_RECURRENCE(elman_sigmoid, Elman<T, Nonlinearity::sigmoid>, T)
TIDEGATE_RECURRENCE(lstm, Lstm<T, false, false>, T)
TIDEGATE_RECURRENCE(lstm_peephole, Lstm<T, true, false>, T)
TIDEGATE_RECURRENCE(lstm_coupled, Lstm<T, false, true>, T)
TIDEGATE_RECURRENCE(lstm_peephole_coupled, Lstm<T, true, true>, T)
TIDEGATE_RECURRENCE(gru_after, GruAfter<T>, T)
TIDEGATE_RECURRENCE(gru_before, GruBefore<T>, T)
TIDEGATE_RECURRENCE(gru_absent, GruAbsent<T>, T)
TIDEGATE_RECURRENCE(min_gru, MinGru<T, false>, T)
TIDEGATE_RECURRENCE(min_gru_positive, MinGru<T, true>, T)
TIDEGATE_RECURRENCE(min_lstm, MinLstm<T, false, false>, T)
TIDEGATE_RECURRENCE(min_lstm_positive, MinLstm<T, true, false>, T)
TIDEGATE_RECURRENCE(min_lstm_normalised, MinLstm<T, false, true>, T)
TIDEGATE_RECURRENCE(min_lstm_positive_normalised, MinLstm<T, true, true>, T)
TIDEGATE_SMOOTHING
TIDEGATE_ACTIVATION(exp)
TIDEGATE_ACTIVATION(sigmoid)
TIDEGATE_ACTIVATION(tanh)
