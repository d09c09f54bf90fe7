package devicecheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// event is a line of a child to its parent. One of the fields is set.
type event struct {
	Begin *begin   `json:"begin,omitempty"`
	End   *Outcome `json:"end,omitempty"`
	More  bool     `json:"more,omitempty"`  // the child wants to be followed by another
	Done  bool     `json:"done,omitempty"`  // the step is over
	Error string   `json:"error,omitempty"` // the step is over because of this
}

// begin says that a case begins and how long it may take.
type begin struct {
	Case  string  `json:"case"`
	Limit float64 `json:"limit"` // seconds
}

// marker is before every event. Vendors' libraries print to standard output as well, not always whole lines.
const marker = "@mnv2-check "

// write prints e as one line in one call.
func (e event) write(w io.Writer) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("device check: %w", err)
	}
	_, err = w.Write(append(append([]byte(marker), text...), '\n'))
	return err
}

// parseEvent returns the event in a line, and whatever stands before it. ok is false if there is none.
func parseEvent(line []byte) (e event, before []byte, ok bool) {
	i := bytes.Index(line, []byte(marker))
	if i < 0 || json.Unmarshal(line[i+len(marker):], &e) != nil {
		return event{}, line, false
	}
	return e, line[:i], true
}
