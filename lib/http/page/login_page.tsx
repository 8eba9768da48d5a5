/** @jsxImportSource hono/jsx */
/**
 * Owns the page that asks for the password, and the plain page of an error.
 */
import { Document } from "./document.tsx";

/** What the page is made of. */
export interface LoginPageProps {
  /** Path to go to afterwards. */
  readonly next: string;
  /** Why the last attempt failed; undefined on the first. */
  readonly complaint?: string | undefined;
}

/** The page at `/login`. */
export function LoginPage({ next, complaint }: LoginPageProps) {
  return (
    <Document title="Sign in – hintd" maySignOut={false} hasNav={false}>
      <form method="post" action="/login" class="login">
        <h1>Sign in</h1>
        <input type="hidden" name="next" value={next} />
        <p>
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            aria-describedby={complaint === undefined ? undefined : "complaint"}
          />
        </p>
        {complaint !== undefined && <p class="complaint" id="complaint" role="alert">{complaint}</p>}
        <button type="submit">Sign in</button>
      </form>
    </Document>
  );
}

/** A page for what cannot be shown. */
export function ErrorPage({ title, detail }: { title: string; detail: string }) {
  return (
    <Document title={`${title} – hintd`} maySignOut={false}>
      <div class="error-page">
        <h1>{title}</h1>
        <p>{detail}</p>
        <p>
          <a href="/">All lamps</a>
        </p>
      </div>
    </Document>
  );
}
