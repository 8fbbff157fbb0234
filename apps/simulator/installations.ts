import { type Collection } from './collection.js';
import { type Grant, type Installation, type UserType } from './model.js';

/** What a person chose on the consent page. */
export interface Approval {
  companyId: string;
  scope: string;
  userId: string;
  /** One location, or an agency's choice. */
  locationId?: string;
  approvedLocations?: string[];
  approveAllLocations?: boolean;
  installToFutureLocations?: boolean;
}

export interface InstallationEvents {
  /** @param byItself a new location got the app without anybody doing anything */
  installed(installation: Installation, byItself?: boolean): void;
  uninstalled(owner: { locationId: string } | { companyId: string }): void;
}

/** Where the app is installed. A company's installation and those of its locations are records of their own. */
export class Installations {
  constructor(
    private readonly records: Collection<Installation>,
    private readonly now: () => number,
    private readonly events: InstallationEvents,
  ) {}

  list(): Installation[] {
    return this.records.values();
  }

  find(userType: UserType, id: string): Installation | undefined {
    return this.records.get(`${userType}:${id}`);
  }

  /** Whether what a token was issued for is still there. */
  holds(grant: Grant): boolean {
    return this.find(grant.userType, grant.locationId ?? grant.companyId) !== undefined;
  }

  /** Installs and tells of it: an agency's first, then each location it chose. */
  install(approval: Approval): Installation {
    const {
      locationId,
      approvedLocations = [],
      approveAllLocations,
      installToFutureLocations,
      ...common
    } = approval;
    if (locationId !== undefined) return this.add({ ...common, locationId, userType: 'Location' });
    const agency = this.add({
      ...common,
      userType: 'Company',
      approvedLocations,
      approveAllLocations,
      installToFutureLocations,
    });
    for (const chosen of approvedLocations) this.add({ ...common, locationId: chosen, userType: 'Location' });
    return agency;
  }

  /**
   * A location gets the app after its agency has it: somebody there adds it, or the location is new and the agency
   * wants it in all new ones.
   * @returns whether it has the app now
   */
  addLater(companyId: string, locationId: string, byItself: boolean): boolean {
    const agency = this.find('Company', companyId);
    if (!agency || (byItself && !agency.installToFutureLocations)) return false;
    const { scope, userId } = agency;
    this.add({ userType: 'Location', companyId, locationId, scope, userId }, byItself);
    return true;
  }

  /** @returns whether the app was there */
  uninstallLocation(locationId: string): boolean {
    const installation = this.find('Location', locationId);
    if (!installation) return false;
    this.records.delete(`Location:${locationId}`);
    const agency = this.find('Company', installation.companyId);
    if (agency?.approvedLocations) {
      const approvedLocations = agency.approvedLocations.filter((id) => id !== locationId);
      this.records.set(`Company:${agency.companyId}`, { ...agency, approvedLocations });
    }
    this.events.uninstalled({ locationId });
    return true;
  }

  /** Ends the agency's installation and those of all its locations, with one event (HL 4.6). */
  uninstallCompany(companyId: string): boolean {
    const gone = this.records.entries().filter(([, installation]) => installation.companyId === companyId);
    for (const [key] of gone) this.records.delete(key);
    if (gone.length > 0) this.events.uninstalled({ companyId });
    return gone.length > 0;
  }

  private add(installation: Omit<Installation, 'installedAt'>, byItself = false): Installation {
    const stored = { ...installation, installedAt: new Date(this.now()).toISOString() };
    this.records.set(`${stored.userType}:${stored.locationId ?? stored.companyId}`, stored);
    this.events.installed(stored, byItself);
    return stored;
  }
}
