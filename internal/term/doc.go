// Package term writes log lines and one progress line to a terminal, or plain lines where there is none.
//
//	screen := term.Open(os.Stderr, os.Getenv)
//	log := slog.New(term.NewHandler(screen, "mnv2.train", slog.LevelInfo))
//	log.Info("Start training")            // [2026-01-31 12:00:00] mnv2.train INFO - Start training
//	screen.Progress("epoch 1/10 ...")     // redrawn in place, at most ten times a second; nothing if not a terminal
//	screen.Clear()
package term
