package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Lines is not known here: a read from a pipe could not be given up at the end.
func Lines(context.Context, *os.File, func(string)) error { return ErrNoTerminal }

// keyEvent is the type of an INPUT_RECORD that holds a key.
const keyEvent = 1

// maxEvents is how many events are read at once.
const maxEvents = 32

// inputRecord is INPUT_RECORD with a KEY_EVENT_RECORD in it.
type inputRecord struct {
	eventType uint16
	_         uint16
	down      int32
	repeat    uint16
	keyCode   uint16
	scanCode  uint16
	char      uint16
	modifiers uint32
}

// keyboard is a console that passes keys on at once.
type keyboard struct {
	console windows.Handle
	before  uint32         // its mode, to be put back
	wake    windows.Handle // an event that is set when the context is done
	read    *windows.LazyProc
}

func open(tty *os.File) (*keyboard, error) {
	k := &keyboard{
		console: windows.Handle(tty.Fd()),
		read:    windows.NewLazySystemDLL("kernel32.dll").NewProc("ReadConsoleInputW"),
	}
	if windows.GetConsoleMode(k.console, &k.before) != nil || k.read.Find() != nil {
		return nil, ErrNoTerminal
	}
	var err error
	if k.wake, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return nil, fmt.Errorf("create an event: %w", err)
	}
	// Ctrl-C stays a signal: ENABLE_PROCESSED_INPUT is left as it is.
	mode := k.before &^ (windows.ENABLE_LINE_INPUT | windows.ENABLE_ECHO_INPUT | windows.ENABLE_VIRTUAL_TERMINAL_INPUT)
	if err := windows.SetConsoleMode(k.console, mode); err != nil {
		return nil, errors.Join(fmt.Errorf("set the console: %w", err), windows.CloseHandle(k.wake))
	}
	return k, nil
}

// next waits for keys. It returns "" when the context is done.
func (k *keyboard) next(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = windows.SetEvent(k.wake) }) // the reader may be gone
	defer stop()
	for ctx.Err() == nil {
		if _, err := windows.WaitForMultipleObjects([]windows.Handle{k.wake, k.console}, false, windows.INFINITE); err != nil {
			return "", fmt.Errorf("wait for the console: %w", err)
		}
		if ctx.Err() != nil {
			break
		}
		text, err := k.chars()
		if text != "" || err != nil {
			return text, err
		}
	}
	return "", nil
}

// chars takes what the console holds: keys that were pressed, and events that say
// nothing here (a key that was let go, the mouse, the window's size).
func (k *keyboard) chars() (string, error) {
	var records [maxEvents]inputRecord
	var n uint32
	done, _, err := k.read.Call(uintptr(k.console), uintptr(unsafe.Pointer(&records[0])), maxEvents, uintptr(unsafe.Pointer(&n)))
	if done == 0 {
		return "", fmt.Errorf("read the console: %w", err)
	}
	var units []uint16
	for _, r := range records[:n] {
		if r.eventType == keyEvent && r.down != 0 && r.char != 0 {
			units = append(units, r.char)
		}
	}
	return string(utf16.Decode(units)), nil
}

// close puts the console back.
func (k *keyboard) close() error {
	err := windows.SetConsoleMode(k.console, k.before)
	if err != nil {
		err = fmt.Errorf("put the console back: %w", err)
	}
	return errors.Join(err, windows.CloseHandle(k.wake))
}
