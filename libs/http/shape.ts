/** What an object literal needs to have to be answered where a DTO class is documented: its properties, all the way down. */
export type Shape<T> = { [K in keyof T]: Shape<T[K]> };
