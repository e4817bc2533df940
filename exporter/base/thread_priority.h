#pragma once

namespace usage {

// Tells the scheduler that the calling thread works through a lot and answers nobody: when it wakes
// up, it lets whoever runs go on. Such a thread, woken by every packet of a database on the same
// machine, otherwise interrupts that database some thousand times a second. See sched(7),
// SCHED_BATCH. Where that is refused, nothing changes.
void make_batch_thread() noexcept;

}  // namespace usage
