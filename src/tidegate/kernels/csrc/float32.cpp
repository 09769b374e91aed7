// The kernels in single precision.
#define TIDEGATE_TYPE float
#define TIDEGATE_SUFFIX f32
#include "kernels.h"
