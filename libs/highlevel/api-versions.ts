/** Value of the `Version` header for contacts, users, locations and the agency's OAuth calls (HL 1.3). */
export const VERSION_2021_07 = '2021-07-28';
