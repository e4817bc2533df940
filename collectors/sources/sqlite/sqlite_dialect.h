#pragma once

#include "collectors/api/dialect.h"

namespace usage {

const Dialect& sqlite_dialect();

}  // namespace usage
