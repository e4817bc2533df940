#pragma once

#include <cstdint>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/demo/rows.h"

namespace usage::demo {

// Ids count up from 1. Every table but users is in the order in which its rows appear.
struct Product {
  std::uint64_t seed;
  Instant launch;
  std::vector<Team> teams;
  std::vector<Account> accounts;
  std::vector<User> users;
  std::vector<Activity> activity;
  std::vector<Export> exports;
  std::vector<SharedReport> shares;
  std::vector<ShareAccess> accesses;
  std::vector<Rating> ratings;
  std::vector<Ticket> tickets;
  std::vector<Feedback> feedback;
};

inline constexpr std::uint64_t kDefaultSeed = 2280;
inline constexpr int kDaysBefore = 70;
inline constexpr int kDaysAfter = 365;

// Midnight UTC, 75 days before.
Instant default_launch(Instant now);

// A software product that launched exports and share links at `launch` (its day's midnight UTC):
// what happened in the days before and what will happen after. A pure function; the same seed and
// launch give the same rows on any machine, and a longer future never changes the past.
Product make_product(std::uint64_t seed, Instant launch, int days_before = kDaysBefore,
                     int days_after = kDaysAfter);

}  // namespace usage::demo
