/// What is said of the product itself.
public enum Strata {
  /// The version of this build.
  public static let version = "0.1.0"
}
