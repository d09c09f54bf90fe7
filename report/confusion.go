package report

import (
	"cmp"
	"slices"
)

// Limits of what is shown of a validation.
const (
	mostMatrixClasses = 30 // more classes than this have no matrix, only their most confused pairs
	mostPairs         = 20
	mostClassRows     = 40
)

// matrix is the confusion matrix as the page shows it.
type matrix struct {
	Names []string
	Rows  []matrixRow
}

type matrixRow struct {
	Name  string
	Cells []matrixCell
}

type matrixCell struct {
	Count int
	Share float64 // of the row
	Right bool
}

// pair is a class that is taken for another.
type pair struct {
	Label, Taken string
	Count        int
	Share        float64 // of the pictures of the class
}

// classScore is the accuracy on one class.
type classScore struct {
	Name          string
	Right, Images int
	Share         float64
}

func (f folder) className(class int) string { return pageData{Names: f.Run.Classes}.Name(class) }

// totals is the number of pictures of each class.
func (f Findings) totals() []int {
	totals := make([]int, f.Classes)
	for _, c := range f.Confusion {
		totals[c.Label] += c.Count
	}
	return totals
}

// confusion is the whole matrix, nil if there is none or it is too large to be read.
func (f folder) confusion() *matrix {
	n := f.Findings.Classes
	if n == 0 || n > mostMatrixClasses || len(f.Findings.Confusion) == 0 {
		return nil
	}
	totals := f.Findings.totals()
	m := &matrix{}
	for label := range n {
		m.Names = append(m.Names, f.className(label))
		m.Rows = append(m.Rows, matrixRow{Name: f.className(label), Cells: make([]matrixCell, n)})
		m.Rows[label].Cells[label].Right = true
	}
	for _, c := range f.Findings.Confusion {
		cell := &m.Rows[c.Label].Cells[c.Taken]
		cell.Count, cell.Share = c.Count, float64(c.Count)/float64(totals[c.Label])
	}
	return m
}

// confused lists the pairs that are confused most often.
func (f folder) confused() []pair {
	totals := f.Findings.totals()
	var list []pair
	for _, c := range f.Findings.Confusion {
		if c.Label != c.Taken {
			list = append(list, pair{f.className(c.Label), f.className(c.Taken), c.Count, float64(c.Count) / float64(totals[c.Label])})
		}
	}
	slices.SortStableFunc(list, func(a, b pair) int { return cmp.Compare(b.Count, a.Count) })
	return list[:min(len(list), mostPairs)]
}

// classes lists the classes that have pictures, the worst first.
func (f folder) classes() []classScore {
	totals := f.Findings.totals()
	right := make([]int, len(totals))
	for _, c := range f.Findings.Confusion {
		if c.Label == c.Taken {
			right[c.Label] += c.Count
		}
	}
	var list []classScore
	for class, total := range totals {
		if total > 0 {
			list = append(list, classScore{f.className(class), right[class], total, float64(right[class]) / float64(total)})
		}
	}
	slices.SortStableFunc(list, func(a, b classScore) int { return cmp.Compare(a.Share, b.Share) })
	return list[:min(len(list), mostClassRows)]
}
