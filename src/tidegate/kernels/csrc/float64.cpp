// The kernels in double precision.
#define TIDEGATE_TYPE double
#define TIDEGATE_SUFFIX f64
#include "kernels.h"
