package report

import (
	"bytes"
	_ "embed" // the template
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mnv2/internal/atomicfile"
)

//go:embed page.html
var pageText string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"picture": pictureURL,
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	"fixed2":  func(v float64) string { return fmt.Sprintf("%.2f", v) },
	"short":   func(name string) string { return filepath.Base(name) },
}).Parse(pageText))

// pictureURL puts a JPEG into the page.
func pictureURL(jpeg []byte) template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg))
}

// folder is everything that a run's folder tells.
type folder struct {
	Run      Run
	History  History
	Findings Findings
}

// read reads what there is; a run that was killed may lack some of it.
func read(dir string) (folder, error) {
	var f folder
	var err error
	if f.Run, err = ReadRun(dir); err != nil {
		return f, err
	}
	if f.History, err = ReadHistory(dir); err != nil {
		return f, err
	}
	f.Findings, err = readFindings(dir)
	return f, err
}

// Page writes report.html and curves.png into the run's folder and returns the page's path.
func Page(dir string) (string, error) {
	f, err := read(dir)
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	figures := f.History.figures()
	path := filepath.Join(dir, "report.html")
	if err := writePage(path, f.page(figures)); err != nil {
		return "", err
	}
	if len(figures) == 0 { // the run ended before its first step
		return path, nil
	}
	return path, atomicfile.Write(filepath.Join(dir, "curves.png"), 0o644, func(w io.Writer) error { return PNG(w, figures) })
}

// page is what the page of one run shows.
func (f folder) page(figures []Figure) pageData {
	return pageData{Title: f.Run.Name, Lead: lead(f), Run: f.Run, Numbers: numbers(f), Figures: svgs(figures),
		Confusion: f.confusion(), Confused: f.confused(), Classes: f.classes(), Findings: f.Findings, Names: f.Run.Classes}
}

// Compare writes one page about several runs.
func Compare(path string, dirs []string) error {
	var runs []folder
	for _, dir := range dirs {
		f, err := read(dir)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		f.Run.Name = uniqueName(runs, f.Run.Name, dir)
		runs = append(runs, f)
	}
	page := pageData{Title: "mnv2: " + fmt.Sprint(len(runs)) + " runs", Figures: svgs(compared(runs)), Table: sideBySide(runs)}
	return writePage(path, page)
}

// uniqueName tells runs whose folders have the same name apart by their paths.
func uniqueName(others []folder, name, dir string) string {
	if slices.ContainsFunc(others, func(o folder) bool { return o.Run.Name == name }) {
		return filepath.ToSlash(filepath.Clean(dir))
	}
	return name
}

// pageData is what the template shows; empty parts are left out.
type pageData struct {
	Title     string
	Lead      string
	Run       Run
	Numbers   []Option
	Figures   []template.HTML
	Table     [][]string // of a comparison; the first row is the head
	Confusion *matrix
	Confused  []pair
	Classes   []classScore
	Findings  Findings
	Names     []string
}

// Name is the name of a class.
func (p pageData) Name(class int) string {
	if class < len(p.Names) {
		return p.Names[class]
	}
	return fmt.Sprint(class)
}

func writePage(path string, page pageData) error {
	var b bytes.Buffer
	if err := pages.Execute(&b, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return atomicfile.Write(path, 0o644, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
}

func svgs(figures []Figure) []template.HTML {
	var list []template.HTML
	for _, f := range figures {
		list = append(list, f.SVG())
	}
	return list
}

// lead is the sentence under the title.
func lead(f folder) string {
	parts := []string{f.Run.Model}
	if f.Run.Data != "" {
		parts = append(parts, "on "+f.Run.Data)
	}
	if f.Run.Device != "" {
		parts = append(parts, "with "+f.Run.Device)
	}
	return strings.Join(parts, " ") + ", started " + f.Run.Started.Format("2 January 2006, 15:04")
}

// numbers are the figures at the top of the page.
func numbers(f folder) []Option {
	var list []Option
	if best := f.History.best(); best != nil {
		list = append(list, Option{Name: fmt.Sprintf("best top-1, epoch %d", best.Epoch), Value: fmt.Sprintf("%.2f %%", best.Top1)})
		list = append(list, Option{Name: "its top-5", Value: fmt.Sprintf("%.2f %%", best.Top5)})
	}
	if n := len(f.History.Epochs); n > 0 {
		last := f.History.Epochs[n-1]
		list = append(list, Option{Name: "epochs done", Value: fmt.Sprintf("%d of %d", last.Epoch, f.Run.Epochs)},
			Option{Name: "training loss at the end", Value: number(last.Loss)},
			Option{Name: "images a second", Value: fmt.Sprintf("%.0f", last.ImagesPerSec)},
			Option{Name: "time in training", Value: f.History.trainTime().Round(time.Second).String()})
	}
	return list
}
