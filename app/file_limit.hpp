#pragma once
// Each client is an open file, and shells give a process few of them: take all that may be had.
// Start-up thread.

namespace muster::app {

// The soft limit of open files becomes the hard one. Where that is refused nothing changes:
// connections over the limit are turned away, and counted.
void raise_file_limit();

}  // namespace muster::app
