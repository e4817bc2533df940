#pragma once

#include "collectors/api/writer.h"
#include "exporter/demo/product.h"

namespace usage::demo {

// Makes the demo's tables and inserts every row that appears before `until`, in one transaction:
// readers see the old tables or the new. Tables of an earlier fill are dropped; they are known by
// the table usage_exporter_demo beside them. Throws Error: (query) when one of the names is taken
// by a table that the demo did not make, which is left as it is; else as Writer does.
void fill(Writer& writer, const Product& product, Instant until);

// Inserts the rows that appear in [from, until) and updates what changed in older ones
// (access_count, revoked_at, deleted_at), in one transaction. fill(a) then advance(a, b) leaves
// what fill(b) leaves. Touches nothing when nothing happened. Throws as Writer does, and then has
// changed nothing.
void advance(Writer& writer, const Product& product, Instant from, Instant until);

}  // namespace usage::demo
