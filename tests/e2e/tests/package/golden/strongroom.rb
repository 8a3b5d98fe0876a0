# For Homebrew: the formula of a tap.
class Strongroom < Formula
  desc "Key vaults in a Kubernetes cluster, and one on this machine for development"
  homepage "https://strongroom.dev"
  version "VERSION"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "https://example.invalid/download/strongroom-VERSION-aarch64-apple-darwin.tar.gz"
      sha256 "SUM"
    end
  end

  on_linux do
    on_intel do
      url "https://example.invalid/download/strongroom-VERSION-x86_64-unknown-linux-musl.tar.gz"
      sha256 "SUM"
    end
  end

  def install
    bin.install "strongroom"
    bin.install_symlink "strongroom" => "kubectl-strongroom"
    bin.install "completions/kubectl_complete-strongroom"
    bash_completion.install "completions/strongroom.bash" => "strongroom"
    fish_completion.install "completions/strongroom.fish"
    zsh_completion.install "completions/_strongroom"
    man1.install Dir["man/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/strongroom --version")
  end
end
