package term

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
)

// LoggerKey is the attribute that names the logger of a record, instead of the handler's name.
const LoggerKey = "logger"

// Handler is a slog.Handler that writes MindCV's log lines:
//
//	[2026-01-31 12:00:00] mindcv.train INFO - Start training
//
// Attributes follow the message as key=value, groups as group.key=value. Each record is one Write.
type Handler struct {
	mu    *sync.Mutex
	w     io.Writer
	name  string
	level slog.Leveler
	attrs string // already formatted, each behind a space
	group string // "a.b." for keys to come
}

// NewHandler returns a handler that writes records of at least that level to w, under the logger name.
func NewHandler(w io.Writer, name string, level slog.Leveler) *Handler {
	return &Handler{mu: new(sync.Mutex), w: w, name: name, level: level}
}

// Enabled reports whether records of that level are written.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// Handle writes one record.
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	name := h.name
	var attrs strings.Builder
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == LoggerKey && h.group == "" {
			name = a.Value.String()
			return true
		}
		writeAttr(&attrs, h.group, a)
		return true
	})
	when := ""
	if !r.Time.IsZero() {
		when = r.Time.Format("[2006-01-02 15:04:05] ")
	}
	line := fmt.Sprintf("%s%s %s - %s%s%s\n", when, name, levelName(r.Level), r.Message, h.attrs, attrs.String())
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, line)
	return err
}

// WithAttrs returns a handler that adds these to every record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	var b strings.Builder
	for _, a := range attrs {
		if a.Key == LoggerKey && h.group == "" {
			next.name = a.Value.String()
			continue
		}
		writeAttr(&b, h.group, a)
	}
	next.attrs += b.String()
	return &next
}

// WithGroup returns a handler that puts name. before the keys to come.
func (h *Handler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	v := a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range v.Group() {
			writeAttr(b, group, inner)
		}
	default:
		text := v.String()
		if text == "" || strings.ContainsAny(text, " \t\r\n\"=") {
			text = strconv.Quote(text)
		}
		fmt.Fprintf(b, " %s%s=%s", group, a.Key, text)
	}
}

// levelName spells levels as Python's logging does.
func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}
