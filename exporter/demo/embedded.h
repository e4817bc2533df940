#pragma once

// Files of config/ that the binary carries; written into it by cmake/version.cmake.
namespace usage::demo {

extern const char* const kDemoConfig;        // config/demo.yml
extern const char* const kSqliteSchema;      // config/schema/demo.sqlite.sql
extern const char* const kPostgresqlSchema;  // config/schema/demo.postgresql.sql

}  // namespace usage::demo
