// View is what can be shown in the middle of the page.
export interface View {
  readonly root: HTMLElement;
  readonly title: string; // "" = only the name of the board
  speak(): void; // in the language that is chosen now
  draw?(): void; // the board has changed
}
