package templates

// Files returns the content of each file of a template by its path, under its own
// product's name (gitignore and editorconfig without their dot), or an [*UnknownError].
func Files(name string) (map[string][]byte, error) {
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	return t.files()
}
