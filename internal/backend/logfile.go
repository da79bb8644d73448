package backend

import (
	"fmt"
	"os"
)

// maxLogFile is when a log file becomes FILE.1 and a new one is begun: it grows for as
// long as somebody develops.
const maxLogFile = 10 << 20 // bytes

// logFile is the file that also gets the output of a service. The zero value is none.
type logFile struct {
	path string
	file *os.File
	size int64
}

func openLog(path string) (*logFile, error) {
	l := &logFile{path: path}
	if path == "" {
		return l, nil
	}
	return l, l.open()
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("open log: %w", err)
	}
	l.file, l.size = file, info.Size()
	return nil
}

// write appends a line. A disk that is full must not stop the service, so errors end the
// logging and nothing else.
func (l *logFile) write(line string) {
	if l.file == nil {
		return
	}
	n, err := l.file.WriteString(plain(line) + "\n")
	l.size += int64(n)
	if err != nil || l.size > maxLogFile && l.rotate() != nil {
		l.close()
	}
}

func (l *logFile) rotate() error {
	l.close()
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	return l.open()
}

func (l *logFile) close() {
	if l.file == nil {
		return
	}
	_ = l.file.Close() // its lines are written; a late error has nobody to go to
	l.file = nil
}
