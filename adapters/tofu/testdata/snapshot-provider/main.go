// Test-only provider: it has the schema that a snapshot file describes, and keeps what it is given.
//
// The real OpenTofu reads a bundle against it: every block, argument and type is checked by OpenTofu itself, every
// expression is evaluated, plans and applies run. There is no cloud behind it: a create answers what was asked for,
// with made-up values where the schema says "computed".
//
//	SNAPSHOT_SCHEMA  JSON: {provider, configuration, resources, data_sources}
//	SNAPSHOT_LOG     optional: one JSON line for each create and delete
//	SNAPSHOT_VALUES  optional: JSON, values of computed attributes by "type.attribute"
//	SNAPSHOT_REFUSED optional: names of data sources, split by commas, that find nothing
//	SNAPSHOT_HALF    optional: name of a resource that is made, and then said to have failed
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type block struct {
	Nesting    string            `json:"nesting"`
	Attributes map[string]string `json:"attributes"`
	Blocks     map[string]block  `json:"blocks"`
}

type snapshot struct {
	Provider      string           `json:"provider"`
	Configuration block            `json:"configuration"`
	Resources     map[string]block `json:"resources"`
	DataSources   map[string]block `json:"data_sources"`
}

var types = map[string]tftypes.Type{
	"string":       tftypes.String,
	"number":       tftypes.Number,
	"bool":         tftypes.Bool,
	"map(string)":  tftypes.Map{ElementType: tftypes.String},
	"list(string)": tftypes.List{ElementType: tftypes.String},
	"set(string)":  tftypes.Set{ElementType: tftypes.String},
}

func (b block) schema() *tfprotov6.SchemaBlock {
	out := &tfprotov6.SchemaBlock{}
	for name, words := range b.Attributes {
		kind := words[strings.LastIndex(words, " ")+1:]
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: types[kind],
			Required:  strings.Contains(words, "required"),
			Optional:  strings.Contains(words, "optional"),
			Computed:  strings.Contains(words, "computed"),
			Sensitive: strings.Contains(words, "sensitive"),
		})
	}
	nestings := map[string]tfprotov6.SchemaNestedBlockNestingMode{
		"":       tfprotov6.SchemaNestedBlockNestingModeList,
		"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
		"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	}
	for name, nested := range b.Blocks {
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Nesting: nestings[nested.Nesting], Block: nested.schema(),
		})
	}
	return out
}

type server struct {
	tfprotov6.ProviderServer // what is not here is never called
	snapshot                 snapshot
	values                   map[string]any
	mu                       sync.Mutex
	made                     int
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{}, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	out := &tfprotov6.GetProviderSchemaResponse{
		Provider:          &tfprotov6.Schema{Block: s.snapshot.Configuration.schema()},
		ResourceSchemas:   map[string]*tfprotov6.Schema{},
		DataSourceSchemas: map[string]*tfprotov6.Schema{},
	}
	for name, one := range s.snapshot.Resources {
		out.ResourceSchemas[name] = &tfprotov6.Schema{Block: one.schema()}
	}
	for name, one := range s.snapshot.DataSources {
		out.DataSourceSchemas[name] = &tfprotov6.Schema{Block: one.schema()}
	}
	return out, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

// Where the provider has a region, nothing works without one: no test's host has metadata to find it by.
func (s *server) ConfigureProvider(_ context.Context, r *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	if _, has := s.snapshot.Configuration.Attributes["region"]; !has {
		return &tfprotov6.ConfigureProviderResponse{}, nil
	}
	value, err := r.Config.Unmarshal(s.snapshot.Configuration.schema().ValueType())
	if err != nil {
		return nil, err
	}
	fields := map[string]tftypes.Value{}
	if err := value.As(&fields); err != nil {
		return nil, err
	}
	if region := plain(fields["region"]); (region == nil || region == "") && os.Getenv("AWS_REGION") == "" {
		return &tfprotov6.ConfigureProviderResponse{Diagnostics: []*tfprotov6.Diagnostic{{
			Severity: tfprotov6.DiagnosticSeverityError,
			Summary:  "Invalid provider configuration",
			Detail:   "invalid AWS Region: it is empty",
		}}}, nil
	}
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	kind := s.snapshot.Resources[r.TypeName].schema().ValueType()
	value, err := r.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(kind, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (s *server) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

// A create: what is computed and was not given is not known yet.
func (s *server) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	isCreate, err := r.PriorState.IsNull()
	if err != nil {
		return nil, err
	}
	isDelete, err := r.ProposedNewState.IsNull()
	if err != nil || isDelete || !isCreate {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, err
	}
	one := s.snapshot.Resources[r.TypeName]
	planned, err := change(one, r.ProposedNewState, func(_ *tftypes.AttributePath, v tftypes.Value, words string) tftypes.Value {
		if v.IsNull() && strings.Contains(words, "computed") {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue)
		}
		return v
	})
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: planned}, err
}

func (s *server) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	isDelete, err := r.PlannedState.IsNull()
	if err != nil {
		return nil, err
	}
	if isDelete {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PlannedState}, s.log("delete", r.TypeName, r.PriorState)
	}
	if refusal, err := s.refuse(r.TypeName, r.PlannedState); err != nil || refusal != "" {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: []*tfprotov6.Diagnostic{
			{Severity: tfprotov6.DiagnosticSeverityError, Summary: refusal},
		}}, err
	}
	s.mu.Lock()
	s.made++
	id := fmt.Sprintf("%s-%d", strings.ReplaceAll(r.TypeName, "_", "-"), s.made)
	s.mu.Unlock()
	state, err := s.fill(r.TypeName, s.snapshot.Resources[r.TypeName], r.PlannedState, id)
	if err != nil {
		return nil, err
	}
	answer := &tfprotov6.ApplyResourceChangeResponse{NewState: state}
	if os.Getenv("SNAPSHOT_HALF") == r.TypeName {
		answer.Diagnostics = []*tfprotov6.Diagnostic{
			{Severity: tfprotov6.DiagnosticSeverityError, Summary: "rpc error: code = Internal desc = operation failed"},
		}
	}
	return answer, s.log("create", r.TypeName, state)
}

// Whatever the id, it is there; nothing is known of it but that.
func (s *server) ImportResourceState(_ context.Context, r *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	one := s.snapshot.Resources[r.TypeName]
	kind := one.schema().ValueType().(tftypes.Object)
	fields := map[string]tftypes.Value{}
	for name, of := range kind.AttributeTypes {
		fields[name] = tftypes.NewValue(of, nil)
		if block, isBlock := one.Blocks[name]; isBlock && block.Nesting != "single" {
			fields[name] = tftypes.NewValue(of, []tftypes.Value{})
		}
	}
	fields["id"] = tftypes.NewValue(tftypes.String, r.ID)
	state, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, fields))
	imported := []*tfprotov6.ImportedResource{{TypeName: r.TypeName, State: &state}}
	return &tfprotov6.ImportResourceStateResponse{ImportedResources: imported}, err
}

// What the real provider is known to fail at: it asks EC2 for the root device of the image by its id
// (hashicorp/terraform-provider-aws#43488), also where EC2 itself would take another name for the image.
func (s *server) refuse(name string, planned *tfprotov6.DynamicValue) (string, error) {
	if name != "aws_instance" {
		return "", nil
	}
	value, err := planned.Unmarshal(s.snapshot.Resources[name].schema().ValueType())
	if err != nil {
		return "", err
	}
	asked, _ := plain(value).(map[string]any)
	image, _ := asked["ami"].(string)
	disk, _ := asked["root_block_device"].([]any)
	if len(disk) == 0 || strings.HasPrefix(image, "ami-") {
		return "", nil
	}
	return fmt.Sprintf("collecting instance settings: operation error EC2: DescribeImages, api error InvalidAMIID.Malformed: "+
		"Invalid id: %q (expecting \"ami-...\")", image), nil
}

func (s *server) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	if slices.Contains(strings.Split(os.Getenv("SNAPSHOT_REFUSED"), ","), r.TypeName) {
		return &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{
			{Severity: tfprotov6.DiagnosticSeverityError, Summary: r.TypeName + " was not found"},
		}}, nil
	}
	state, err := s.fill("data."+r.TypeName, s.snapshot.DataSources[r.TypeName], r.Config, "found")
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}

// Gives a value to all that is computed and has none.
func (s *server) fill(name string, one block, given *tfprotov6.DynamicValue, id string) (*tfprotov6.DynamicValue, error) {
	return change(one, given, func(path *tftypes.AttributePath, v tftypes.Value, words string) tftypes.Value {
		if v.IsKnown() && (!v.IsNull() || !strings.Contains(words, "computed")) {
			return v
		}
		last, _ := path.LastStep().(tftypes.AttributeName)
		if value, ok := s.values[name+"."+string(last)]; ok {
			if n, isNumber := value.(float64); isNumber {
				value = big.NewFloat(n)
			}
			return tftypes.NewValue(v.Type(), value)
		}
		switch {
		case v.Type().Is(tftypes.String):
			return tftypes.NewValue(tftypes.String, id)
		case v.Type().Is(tftypes.Number):
			return tftypes.NewValue(tftypes.Number, big.NewFloat(7))
		case v.Type().Is(tftypes.Bool):
			return tftypes.NewValue(tftypes.Bool, false)
		case v.Type().Is(tftypes.Map{}):
			return tftypes.NewValue(v.Type(), map[string]tftypes.Value{})
		default:
			return tftypes.NewValue(v.Type(), []tftypes.Value{tftypes.NewValue(tftypes.String, id)})
		}
	})
}

// Walks the attributes of a value, with the words of the snapshot for each.
func change(one block, given *tfprotov6.DynamicValue, each func(*tftypes.AttributePath, tftypes.Value, string) tftypes.Value) (*tfprotov6.DynamicValue, error) {
	kind := one.schema().ValueType()
	value, err := given.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	changed, err := tftypes.Transform(value, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		words, found := wordsOf(one, path)
		if !found {
			return v, nil
		}
		return each(path, v, words), nil
	})
	if err != nil {
		return nil, err
	}
	out, err := tfprotov6.NewDynamicValue(kind, changed)
	return &out, err
}

// The words of the attribute that a path ends at.
func wordsOf(one block, path *tftypes.AttributePath) (string, bool) {
	steps := path.Steps()
	for at, step := range steps {
		name, isName := step.(tftypes.AttributeName)
		if !isName {
			continue
		}
		if words, ok := one.Attributes[string(name)]; ok {
			return words, at == len(steps)-1
		}
		one = one.Blocks[string(name)]
	}
	return "", false
}

func (s *server) log(action, name string, state *tfprotov6.DynamicValue) error {
	path := os.Getenv("SNAPSHOT_LOG")
	if path == "" {
		return nil
	}
	value, err := state.Unmarshal(s.snapshot.Resources[name].schema().ValueType())
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]any{"action": action, "type": name, "values": plain(value)})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	return err
}

func plain(v tftypes.Value) any {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	switch {
	case v.Type().Is(tftypes.String):
		var text string
		_ = v.As(&text)
		return text
	case v.Type().Is(tftypes.Bool):
		var flag bool
		_ = v.As(&flag)
		return flag
	case v.Type().Is(tftypes.Number):
		number := new(big.Float)
		_ = v.As(&number)
		float, _ := number.Float64()
		return float
	case v.Type().Is(tftypes.Map{}), v.Type().Is(tftypes.Object{}):
		fields := map[string]tftypes.Value{}
		_ = v.As(&fields)
		out := map[string]any{}
		for name, field := range fields {
			out[name] = plain(field)
		}
		return out
	default:
		items := []tftypes.Value{}
		_ = v.As(&items)
		out := []any{}
		for _, item := range items {
			out = append(out, plain(item))
		}
		return out
	}
}

func main() {
	text, err := os.ReadFile(os.Getenv("SNAPSHOT_SCHEMA"))
	if err != nil {
		panic(err)
	}
	s := &server{}
	if err := json.Unmarshal(text, &s.snapshot); err != nil {
		panic(err)
	}
	if values := os.Getenv("SNAPSHOT_VALUES"); values != "" {
		if err := json.Unmarshal([]byte(values), &s.values); err != nil {
			panic(err)
		}
	}
	name := "registry.opentofu.org/" + s.snapshot.Provider
	if err := tf6server.Serve(name, func() tfprotov6.ProviderServer { return s }); err != nil {
		panic(err)
	}
}
