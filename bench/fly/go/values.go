package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/big"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

const longestLine = 8 << 20

// A body: its attributes by name, its blocks in order.
type body struct {
	Attributes map[string]any `json:"attributes"`
	Blocks     []child        `json:"blocks"`
}

type child struct {
	Type   string   `json:"type"`
	Labels []string `json:"labels"`
	Body   body     `json:"body"`
}

type answer struct {
	Values  *body  `json:"values,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// answerValues reads one file a line and answers what it holds, or the first thing that is wrong with it.
func answerValues(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	write := bufio.NewWriter(out)
	defer write.Flush()
	for lines.Scan() {
		var asked struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		if err := json.NewEncoder(write).Encode(read([]byte(asked.Text))); err != nil {
			return err
		}
	}
	return lines.Err()
}

func read(text []byte) answer {
	file, problems := hclsyntax.ParseConfig(text, "file", hcl.InitialPos)
	if problems.HasErrors() {
		return answer{Problem: problems[0].Error()}
	}
	values, err := readBody(file.Body.(*hclsyntax.Body))
	if err != nil {
		return answer{Problem: err.Error()}
	}
	return answer{Values: &values}
}

func readBody(from *hclsyntax.Body) (body, error) {
	read := body{Attributes: map[string]any{}, Blocks: []child{}}
	for name, attribute := range from.Attributes {
		value, problems := attribute.Expr.Value(nil)
		if problems.HasErrors() {
			return read, problems[0]
		}
		plain, err := plainOf(value)
		if err != nil {
			return read, err
		}
		read.Attributes[name] = plain
	}
	for _, block := range from.Blocks {
		inner, err := readBody(block.Body)
		if err != nil {
			return read, err
		}
		labels := append([]string{}, block.Labels...)
		read.Blocks = append(read.Blocks, child{Type: block.Type, Labels: labels, Body: inner})
	}
	return read, nil
}

// plainOf keeps numbers as text, so that no digit is lost on the way.
func plainOf(value cty.Value) (any, error) {
	of := value.Type()
	switch {
	case value.IsNull():
		return nil, nil
	case of == cty.String:
		return value.AsString(), nil
	case of == cty.Bool:
		return value.True(), nil
	case of == cty.Number:
		return map[string]string{"number": numberOf(value.AsBigFloat())}, nil
	case of.IsTupleType():
		items := []any{}
		for _, item := range value.AsValueSlice() {
			plain, err := plainOf(item)
			if err != nil {
				return nil, err
			}
			items = append(items, plain)
		}
		return items, nil
	case of.IsObjectType():
		entries := map[string]any{}
		for key, entry := range value.AsValueMap() {
			plain, err := plainOf(entry)
			if err != nil {
				return nil, err
			}
			entries[key] = plain
		}
		return map[string]any{"map": entries}, nil
	}
	return nil, fmt.Errorf("a value of type %s", of.FriendlyName())
}

func numberOf(number *big.Float) string {
	float, _ := number.Float64()
	return fmt.Sprintf("%g", float)
}
