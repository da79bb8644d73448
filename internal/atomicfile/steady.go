package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// settledAfter is how old the last write to a file must be for its save to be over:
	// editors empty a file and write it, or write it in several steps.
	settledAfter = 5 * time.Millisecond
	// closedAfter is the same for a file that nobody has open for writing any more, which
	// some systems tell. A script that appends to what it wrote opens it again sooner.
	closedAfter = 2 * time.Millisecond
	// filledAfter is the same for an empty file. The slowest editor measured leaves it empty
	// for 20 ms, on a machine that has time for it; few files are empty for good.
	filledAfter = 250 * time.Millisecond
	// openAfter is how long a file may stand still that somebody has open for writing: a
	// compiler empties its output when it starts and fills it when it ends. What is older is
	// a log.
	openAfter = time.Second
	// lookAgain is the time between two looks at a file that is being saved.
	lookAgain = time.Millisecond
	// maxLooks bounds them: a file that is written without end is taken as it is. It counts
	// looks and not time, because a busy machine stops the clock of nobody.
	maxLooks = 1200
)

// ReadSteady reads a file that somebody may be saving, in whatever way: as it is before
// or after, never in between. It returns what the file was when that was read.
func ReadSteady(file *os.File) (data []byte, info os.FileInfo, err error) {
	return readOnce(file, func(info os.FileInfo) bool { return inSave(file, info) })
}

// ReadReplaced is ReadSteady for a file that is renamed into its place as a rule, so that
// its age says nothing: it waits only for who has it open for writing.
func ReadReplaced(file *os.File) (data []byte, info os.FileInfo, err error) {
	return readOnce(file, func(info os.FileInfo) bool { return isWritten(file, info) })
}

// readOnce reads a file once it is not busy.
func readOnce(file *os.File, busy func(os.FileInfo) bool) (data []byte, info os.FileInfo, err error) {
	for looks := 1; ; looks++ {
		info, err := file.Stat()
		if err != nil {
			return nil, nil, fmt.Errorf("look at %s: %w", file.Name(), err)
		}
		last := looks == maxLooks
		if last || !busy(info) {
			data, whole, err := readWhole(file, info)
			if err != nil || last || whole && !isWritten(file, info) {
				return data, info, err
			}
		}
		<-time.After(lookAgain)
	}
}

// ReadFileSteady is ReadSteady of the file at path. A save that renames another file over
// it is no other case: what was opened stays whole.
func ReadFileSteady(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read from
	data, _, err := ReadSteady(file)
	return data, err
}

// inSave reports whether a file looks as if somebody was writing it.
func inSave(file *os.File, info os.FileInfo) bool {
	age := time.Since(info.ModTime())
	switch {
	case !isYoung(info):
		return false
	case age < closedAfter, info.Size() == 0 && age < filledAfter:
		return true
	}
	closed, known := Closed(file)
	return known && !closed || !known && age < settledAfter
}

// isYoung reports whether a file may still be in the middle of a save. One of the future
// comes from another machine's clock and says nothing.
func isYoung(info os.FileInfo) bool {
	age := time.Since(info.ModTime())
	return age >= 0 && age < openAfter
}

// isWritten reports whether somebody is known to have a file open for writing, and has not
// long ceased.
func isWritten(file *os.File, info os.FileInfo) bool {
	if !isYoung(info) {
		return false
	}
	closed, known := Closed(file)
	return known && !closed
}

// readWhole reads a file and reports whether it stayed as it was meanwhile.
func readWhole(file *os.File, before os.FileInfo) (data []byte, whole bool, err error) {
	data = make([]byte, before.Size())
	n, err := file.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	after, err := file.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("look at %s: %w", file.Name(), err)
	}
	return data[:n], n == len(data) && after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()), nil
}
