package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

const (
	warmUp  = 1500 * time.Millisecond
	sample  = 100 * time.Millisecond
	samples = 9
)

// Each does its work once and says what came of it.
var tasks = map[string]func(text []byte) (string, error){
	"parse": func(text []byte) (string, error) {
		file, problems := hclparse.NewParser().ParseHCL(text, "file")
		if problems.HasErrors() {
			return "", problems
		}
		return fmt.Sprintf("%d bytes", len(file.Bytes)), nil
	},
	"check": func(text []byte) (string, error) {
		file, problems := hclparse.NewParser().ParseHCL(text, "file")
		if problems.HasErrors() {
			return "", problems
		}
		values, problems := hcldec.Decode(file.Body, eggs, context)
		if problems.HasErrors() {
			return "", problems
		}
		return fmt.Sprintf("%d valid blocks", values.GetAttr("egg").LengthInt()), nil
	},
	"format": func(text []byte) (string, error) {
		return fmt.Sprintf("%d characters", len(hclwrite.Format(text))), nil
	},
}

func measure(name, path string) error {
	task, isKnown := tasks[name]
	if !isKnown {
		return fmt.Errorf("no such task: %s", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	result, err := task(text)
	if err != nil {
		return err
	}
	for until := time.Now().Add(warmUp); time.Now().Before(until); {
		task(text)
	}
	values := make([]float64, samples)
	for at := range values {
		from, calls := cpuMs(), 0
		for until := time.Now().Add(sample); calls == 0 || time.Now().Before(until); calls++ {
			task(text)
		}
		values[at] = (cpuMs() - from) / float64(calls)
	}
	sort.Float64s(values)
	value := math.Round(values[samples/2]*1000) / 1000
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"value": value, "result": result})
}

// cpuMs is the CPU time of all threads of this process.
func cpuMs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}
