#pragma once
// What a child says when it dies: the handlers of the child's fatal signals write one line that
// names what was touched, to the pipe the parent reads. Signal-safe.
#include <string_view>

namespace junctor::conformance {

// First byte of each record in the pipe; the text follows, then a NUL.
enum class Record : char { Pass = 'P', Fail = 'F', Skip = 'S', Crash = 'C' };

// The pipe of this child; crash records and outcomes go there.
void openReport(int descriptor);
int reportDescriptor();
void writeRecord(Record record, std::string_view text);

// Handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS. Call once per child.
void installCrashHandlers();
// A stack for the handlers of this thread, so that a stack overflow can be reported.
void useAlternateStack();

// Names the phase a crash happens in: "handle". Static text.
void enterPhase(const char* phase);

}  // namespace junctor::conformance
