package term

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/term"
)

// redraw is the shortest time between two drawings of the progress line.
const redraw = 100 * time.Millisecond

// Screen is a writer for log lines that keeps one progress line below them. Its methods may be called from any
// goroutine. Where there is no terminal, Progress does nothing and Write passes lines on as they are.
type Screen struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	color    bool
	width    func() int
	now      func() time.Time

	line    string    // progress line, as last given
	drawn   bool      // it is on the screen
	last    time.Time // when it was drawn
	midline bool      // a log line is not complete yet
}

// Open returns the screen behind f. Colour is off if NO_COLOR is set or TERM is dumb; on a dumb terminal lines cannot
// be redrawn, so it counts as none.
func Open(f *os.File, getenv func(string) string) *Screen {
	dumb := getenv("TERM") == "dumb"
	terminal := term.IsTerminal(int(f.Fd())) && !dumb && enableEscapes(f)
	return &Screen{w: f, terminal: terminal, color: terminal && getenv("NO_COLOR") == "", now: time.Now,
		width: func() int { return fileWidth(f) }}
}

// Plain returns a screen for a writer that is no terminal.
func Plain(w io.Writer) *Screen {
	return &Screen{w: w, now: time.Now, width: func() int { return defaultWidth }}
}

// defaultWidth is taken where a terminal does not tell.
const defaultWidth = 80

func fileWidth(f *os.File) int {
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return defaultWidth
}

// Terminal reports whether lines can be redrawn.
func (s *Screen) Terminal() bool { return s.terminal }

// Color reports whether colours are wanted.
func (s *Screen) Color() bool { return s.color }

// Width returns the number of columns now; it changes when the window does.
func (s *Screen) Width() int { return s.width() }

// Write writes log text above the progress line.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if err := s.erase(); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	if err != nil {
		return n, err
	}
	s.midline = p[len(p)-1] != '\n'
	return n, s.draw()
}

// Progress replaces the progress line. It is drawn at most ten times a second; a line that came too early is drawn
// with the next log line or the next call. Line breaks and escapes in it are dropped, and what does not fit is cut.
func (s *Screen) Progress(line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal {
		return nil
	}
	s.line = line
	if s.drawn && s.now().Sub(s.last) < redraw {
		return nil
	}
	return s.draw()
}

// Clear removes the progress line.
func (s *Screen) Clear() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = ""
	return s.erase()
}

func (s *Screen) erase() error {
	if !s.drawn {
		return nil
	}
	s.drawn = false
	_, err := io.WriteString(s.w, "\r\x1b[K")
	return err
}

// draw puts the progress line on the screen, without a line break, unless a log line is half written.
func (s *Screen) draw() error {
	if s.line == "" || s.midline {
		return nil
	}
	s.drawn, s.last = true, s.now()
	_, err := io.WriteString(s.w, "\r"+cut(s.line, s.width()-1)+"\x1b[K")
	return err
}

// cut keeps at most width printable characters. A terminal wraps a line that fills its last column, which could not
// be redrawn. Every character counts as one column: those that the program draws with are.
func cut(line string, width int) string {
	var b strings.Builder
	for _, r := range line {
		if !unicode.IsPrint(r) {
			continue
		}
		if width--; width < 0 {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
