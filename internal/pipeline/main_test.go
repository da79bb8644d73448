package pipeline

import (
	"testing"

	"go.uber.org/goleak"
)

// The clock of a gulpfile's expressions stops by itself, some seconds after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}
