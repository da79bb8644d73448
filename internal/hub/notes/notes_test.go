package notes

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestACauseIsToldOnceUntilItIsOldNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Notes
		var told []string
		tell := func(cause string) {
			n.Once(cause, func(message string, _ ...any) { told = append(told, message) }, "it is "+cause)
		}
		tell("late")
		tell("late")
		tell("wrong")
		time.Sleep(every - time.Second)
		tell("late")
		time.Sleep(time.Second)
		tell("late")
		if diff := cmp.Diff([]string{"it is late", "it is wrong", "it is late"}, told); diff != "" {
			t.Errorf("what was told (-want +got):\n%s", diff)
		}
	})
}

func TestCausesWithoutEndAreNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Notes
		told := 0
		for i := range 10 * most {
			if n.First(strconv.Itoa(i)) {
				told++
			}
		}
		if told != most {
			t.Errorf("%d causes were told, want %d", told, most)
		}
		time.Sleep(every)
		if !n.First("0") {
			t.Error("nothing is told any more")
		}
	})
}
