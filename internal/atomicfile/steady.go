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
	// filledAfter is the same for an empty file. The slowest editor measured leaves it empty
	// for 20 ms, on a machine that has time for it; few files are empty for good.
	filledAfter = 250 * time.Millisecond
	// lookAgain is the time between two looks at a file that is being saved.
	lookAgain = 2 * time.Millisecond
	// maxLooks bounds them: a file that is written without end is taken as it is. It counts
	// looks and not time, because a busy machine stops the clock of nobody.
	maxLooks = 200
)

// ReadSteady reads a file that somebody may be saving, in whatever way: as it is before
// or after, never in between. It returns what the file was when that was read.
func ReadSteady(file *os.File) (data []byte, info os.FileInfo, err error) {
	for looks := 1; ; looks++ {
		info, err := file.Stat()
		if err != nil {
			return nil, nil, fmt.Errorf("look at %s: %w", file.Name(), err)
		}
		last := looks == maxLooks
		if last || !inSave(info) {
			data, whole, err := readWhole(file, info)
			if err != nil || whole || last {
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

// inSave reports whether a file looks as if somebody was writing it. One of the future
// comes from another machine's clock and says nothing.
func inSave(info os.FileInfo) bool {
	age := time.Since(info.ModTime())
	return age >= 0 && (age < settledAfter || info.Size() == 0 && age < filledAfter)
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
