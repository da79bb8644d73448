package watch

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tree is what is known of the watched folders. It speaks of real paths, without links,
// and translates them into the paths that the caller knows through its views. It is
// used by one goroutine at a time.
type tree struct {
	opts Options
	from notifications
	seed maphash.Seed

	files map[string]file
	deep  map[string]bool // folders watched with everything in them
	// shallow are folders watched only for some names in them.
	shallow map[string]bool
	// names are those names: what is watched itself, and the missing folders above it.
	names map[string]bool
	// views maps a real path to the paths under which it and all below it is reported.
	views  map[string][]string
	links  map[string]string // a link's path → the real path of its target
	polled map[string]bool   // folders that are compared at intervals, uppermost only
	unread map[string]bool   // folders that could not be read
	full   bool              // a limit of the system is reached: what is new is compared at intervals
}

func newTree(opts Options, from notifications) tree {
	return tree{
		opts: opts, from: from, seed: maphash.MakeSeed(),
		files: map[string]file{}, deep: map[string]bool{}, shallow: map[string]bool{}, names: map[string]bool{},
		views: map[string][]string{}, links: map[string]string{}, polled: map[string]bool{}, unread: map[string]bool{},
	}
}

// addView watches path with everything below it and reports it as it was given.
func (t *tree) addView(path string) {
	top := realName(path)
	t.views[top] = append(t.views[top], path)
	t.anchor(top)
	t.choosePolling(top)
	t.look(top)
}

// realName is path without links on the way to it; it may itself be one.
func realName(path string) string {
	return filepath.Join(resolve(filepath.Dir(path)), filepath.Base(path))
}

// addMore is addView for a folder that is not watched yet; it returns its files.
func (t *tree) addMore(dir string) []string {
	top := realName(dir)
	if len(t.visible(top, true)) > 0 {
		return nil
	}
	t.addView(dir)
	var list []string
	for path := range t.files {
		if within(path, top) {
			list = append(list, path)
		}
	}
	return list
}

// maxLinks bounds a chain of links, as the kernel does.
const maxLinks = 40

// resolve follows the links in path as far as it exists. The result is itself a link
// only if links lead in a circle.
func resolve(path string) string { return resolveUpTo(path, maxLinks) }

func resolveUpTo(path string, links int) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	dir := filepath.Dir(path)
	if dir == path || links == 0 {
		return path
	}
	if target, err := os.Readlink(path); err == nil { // it leads to what does not exist
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		return resolveUpTo(target, links-1)
	}
	return filepath.Join(resolveUpTo(dir, links), filepath.Base(path))
}

// anchor watches the folder that holds path for that one name; if the folder is
// missing, the nearest one that exists, for the name that leads to it.
func (t *tree) anchor(path string) {
	t.names[path] = true
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if t.deep[dir] || t.shallow[dir] {
			return
		}
		err := t.from.add(dir)
		if err == nil {
			t.shallow[dir] = true
			return
		}
		if limit, ok := errors.AsType[*LimitError](limitOf(dir, err)); ok {
			t.overLimit(limit)
		}
		t.names[dir] = true
		if dir == filepath.Dir(dir) {
			return
		}
	}
}

// reanchor puts the anchors back after something above a watched path came or went.
func (t *tree) reanchor(gone string) {
	for dir := range t.shallow {
		if within(dir, gone) {
			t.from.remove(dir)
			delete(t.shallow, dir)
		}
	}
	for path := range t.views {
		t.anchor(path)
	}
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}

// concerns reports whether a notification about path can matter.
func (t *tree) concerns(path string) bool {
	return t.deep[filepath.Dir(path)] || t.names[path] || t.deep[path] || t.shallow[path]
}

// single reports whether path can be judged as one file; else it needs a comparison of
// everything below it.
func (t *tree) single(path string) bool {
	if t.names[path] && !t.isFile(path) || t.deep[path] || t.shallow[path] || t.links[path] != "" {
		return false
	}
	info, err := os.Lstat(path)
	return err != nil || info.Mode().IsRegular()
}

func (t *tree) isFile(path string) bool {
	_, ok := t.files[path]
	return ok
}

// look walks path, watches the folders and notes the files. What cannot be read is
// logged and left out.
func (t *tree) look(path string) {
	info, err := os.Lstat(path)
	if err != nil {
		return // not there (any more): its anchor tells when it comes
	}
	if shown := t.visible(path, info.IsDir()); len(shown) > 0 {
		t.visit(path, info, shown, t.isPolled(path))
	}
}

func (t *tree) visit(path string, info fs.FileInfo, shown []string, polled bool) {
	switch {
	case info.IsDir():
		t.visitDir(path, info, shown, polled)
	case info.Mode()&fs.ModeSymlink != 0:
		t.visitLink(path, shown)
	case info.Mode().IsRegular(): // devices, pipes and sockets are not content
		t.files[path] = fileOf(info)
	}
}

func (t *tree) visitDir(dir string, info fs.FileInfo, shown []string, polled bool) {
	if t.deep[dir] {
		return
	}
	if !polled {
		polled = t.subscribe(dir)
	}
	t.deep[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil && !t.unread[dir] {
		t.complain(dir, err)
		t.unread[dir] = true
	}
	for _, e := range entries {
		t.visitEntry(dir, info, e, shown, polled)
	}
}

func (t *tree) visitEntry(dir string, parent fs.FileInfo, e fs.DirEntry, shown []string, polled bool) {
	below := t.unignored(shown, e.Name(), e.IsDir())
	if len(below) == 0 {
		return
	}
	info, err := e.Info()
	if err != nil {
		return // it went away while the folder was read
	}
	path := filepath.Join(dir, e.Name())
	if e.IsDir() && !polled && device(info) != device(parent) {
		polled = t.choosePolling(path) // another file system begins here
	}
	t.visit(path, info, below, polled)
}

// visitLink follows a link to a file or folder.
func (t *tree) visitLink(link string, shown []string) {
	target := resolve(link)
	t.links[link] = target
	if info, err := os.Lstat(target); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return // links that lead in a circle
	}
	if t.above(link, target) {
		return
	}
	for _, s := range shown {
		if !slices.Contains(t.views[target], s) {
			t.views[target] = append(t.views[target], s)
		}
	}
	t.anchor(target)
	t.choosePolling(target)
	t.look(target)
}

// above reports whether a link leads to a folder above itself or above what is watched:
// following it would report everything twice, or watch half the disk.
func (t *tree) above(link, target string) bool {
	for path := range t.views {
		if path != target && within(path, target) {
			return true
		}
	}
	return within(link, target)
}

// subscribe asks the system for notifications of what happens in dir. A limit that is
// reached makes it a folder to be compared at intervals.
func (t *tree) subscribe(dir string) (polled bool) {
	if t.full {
		t.pollAround(dir)
		return true
	}
	err := t.from.add(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if limit, ok := errors.AsType[*LimitError](limitOf(dir, err)); ok {
		t.overLimit(limit)
		t.pollAround(dir)
		return true
	}
	t.complain(dir, err)
	t.unread[dir] = true
	return false
}

// overLimit makes everything that the system would not subscribe be compared at intervals,
// and says so once.
func (t *tree) overLimit(limit *LimitError) {
	if t.full {
		return
	}
	t.full = true
	t.opts.Log.Warn(fmt.Sprintf("%v; what is beyond it is compared every %v instead", limit, t.opts.PollInterval),
		slog.String("event", "watch.limit"), slog.String("hint", limit.Hint()))
}

// pollAround compares at intervals the watched folder that dir lies in: one comparison of
// all costs less than many of parts.
func (t *tree) pollAround(dir string) {
	top := dir
	for path := range t.views {
		if within(dir, path) && len(path) < len(top) {
			top = path
		}
	}
	maps.DeleteFunc(t.polled, func(below string, _ bool) bool { return within(below, top) })
	t.polled[top] = true
}

func (t *tree) complain(path string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	t.opts.Log.Warn(fmt.Sprintf("changes in %s are not seen: %v", path, err), slog.String("event", "watch.unreadable"),
		slog.String("path", path))
}

// choosePolling decides whether path, or the place where it may appear, must be compared
// at intervals, and notes it.
func (t *tree) choosePolling(path string) bool {
	if t.opts.Poll == PollNever || t.polled[path] {
		return t.polled[path]
	}
	name, silent := silentMount(existing(path))
	if silent {
		t.opts.Log.Info(fmt.Sprintf("%s is on %s, which sends no notifications: it is compared every %v", path, name, t.opts.PollInterval),
			slog.String("event", "watch.polling"), slog.String("path", path))
	}
	if silent || t.full || t.opts.Poll == PollAlways {
		t.polled[path] = true
	}
	return t.polled[path]
}

// existing returns path, or the nearest folder above it that exists.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func (t *tree) isPolled(path string) bool {
	for dir := range t.polled {
		if within(path, dir) {
			return true
		}
	}
	return false
}

// resync compares everything below path with what was known, watches what is new, and
// returns the real paths of what changed.
func (t *tree) resync(path string) []string {
	before, links := t.take(path)
	for _, p := range append(t.viewsWithin(path), path) {
		t.look(p)
	}
	if t.names[path] || t.shallow[path] {
		t.reanchor(path)
	}
	return t.difference(path, before, links)
}

// viewsWithin lists the watched paths below path: when a missing folder appears, they
// may have come with it.
func (t *tree) viewsWithin(path string) []string {
	var list []string
	for p := range t.views {
		if within(p, path) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// take forgets what is known below path and returns it.
func (t *tree) take(path string) (map[string]file, map[string]string) {
	before := map[string]file{}
	for p, f := range t.files {
		if within(p, path) {
			before[p] = f
		}
	}
	maps.DeleteFunc(t.files, func(p string, _ file) bool { return within(p, path) })
	maps.DeleteFunc(t.unread, func(p string, _ bool) bool { return within(p, path) })
	for dir := range t.deep {
		if within(dir, path) {
			t.from.remove(dir) // a moved folder's watch would go on under the old name
			delete(t.deep, dir)
		}
	}
	return before, t.takeLinks(path)
}

func (t *tree) takeLinks(path string) map[string]string {
	links := map[string]string{}
	for link, target := range t.links {
		if !within(link, path) {
			continue
		}
		links[link] = target
		delete(t.links, link)
		names := t.visible(link, false)
		t.views[target] = slices.DeleteFunc(t.views[target], func(shown string) bool { return slices.Contains(names, shown) })
	}
	return links
}

// difference lists what is not as it was. Contents that were known before stay known.
func (t *tree) difference(path string, before map[string]file, links map[string]string) []string {
	var list []string
	for p, old := range before {
		now, exists := t.files[p]
		if exists && t.keeps(p, old, now) {
			continue
		}
		list = append(list, p)
	}
	for p := range t.files {
		if _, was := before[p]; !was && within(p, path) {
			t.keeps(p, file{}, file{}) // its own notifications are still to come
			list = append(list, p)
		}
	}
	return append(list, t.turned(path, links)...)
}

// turned lists what stands behind links that lead elsewhere than they did.
func (t *tree) turned(path string, before map[string]string) []string {
	var list []string
	for link, target := range before {
		if t.links[link] != target {
			list = append(list, t.behind(link, target)...)
		}
	}
	for link, target := range t.links {
		if within(link, path) && before[link] != target {
			list = append(list, t.behind(link, target)...)
		}
	}
	return list
}

// behind lists the files that a link leads to, named through the link.
func (t *tree) behind(link, target string) []string {
	var list []string
	for p := range t.files {
		if within(p, target) {
			list = append(list, filepath.Join(link, p[len(target):]))
		}
	}
	return list
}

// keeps reports whether a file is still what it was, and notes what is known of it now.
func (t *tree) keeps(path string, old, now file) bool {
	if old.sameStamp(now) && now != (file{}) {
		t.files[path] = old
		return true
	}
	summed, _, err := sum(path, t.seed)
	if err != nil {
		return false
	}
	t.files[path] = summed
	return old.hashed && summed.hashed && summed.hash == old.hash
}
