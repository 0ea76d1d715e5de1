/** One page: made when first opened, told when it is shown and left. */
export interface PageView {
  element: HTMLElement;
  show: () => void;
  leave: () => void;
}
