#include "exporter/base/thread_priority.h"

#include <sched.h>

namespace usage {

void make_batch_thread() noexcept {
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
}

}  // namespace usage
