#pragma once

#include "collectors/api/dialect.h"
#include "exporter/base/sql_tokenizer.h"

namespace usage {

const Dialect& postgres_dialect();

// How the server reads SQL, unless it has standard_conforming_strings off.
const SqlSyntax& postgres_syntax();

}  // namespace usage
